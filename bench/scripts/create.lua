-- Create records of 1 KB. Arguments: collection.
local common = require("common")

function init(args)
  path = "/api/collections/" .. args[1] .. "/records"
  headers = common.headers("")
  body = '{"title":"created","group":-1,"body":"' .. common.text(850) .. '"}'
end

function request()
  return wrk.format("POST", path, headers, body)
end
