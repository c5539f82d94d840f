-- The mission's mix: 100 reads by Zipf id to 1 durable write of 1 KB. Arguments: collection, records.
local common = require("common")

function init(args)
  math.randomseed(os.time() + tonumber(tostring({}):sub(8), 16) % 100000)
  path = "/api/collections/" .. args[1] .. "/records"
  records = tonumber(args[2])
  headers = common.headers("")
  body = '{"title":"created","group":-1,"body":"' .. common.text(850) .. '"}'
  sent = math.random(0, 100)
end

function request()
  sent = sent + 1
  if sent % 101 == 0 then return wrk.format("POST", path, headers, body) end
  return wrk.format("GET", path .. "/" .. common.id(common.zipf(records)))
end
