-- View records by random id. Arguments: collection, records, token.
local common = require("common")

function init(args)
  math.randomseed(os.time() + tonumber(tostring({}):sub(8), 16) % 100000)
  path = "/api/collections/" .. args[1] .. "/records/"
  records = tonumber(args[2])
  headers = common.headers(args[3] or "")
end

function request()
  return wrk.format("GET", path .. common.id(math.random(0, records - 1)), headers)
end
