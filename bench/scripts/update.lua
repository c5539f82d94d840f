-- Update the text of random records. Arguments: collection, records.
local common = require("common")

function init(args)
  math.randomseed(os.time() + tonumber(tostring({}):sub(8), 16) % 100000)
  path = "/api/collections/" .. args[1] .. "/records/"
  records = tonumber(args[2])
  headers = common.headers("")
  body = '{"body":"' .. common.text(850) .. '"}'
end

function request()
  return wrk.format("PATCH", path .. common.id(math.random(0, records - 1)), headers, body)
end
