-- Lists with filters on an indexed field, none of which ever comes again, so that no cache can hold
-- their answers. Arguments: collection, groups.
function init(args)
  math.randomseed(os.time() + tonumber(tostring({}):sub(8), 16) % 100000)
  path = "/api/collections/" .. args[1] .. "/records?perPage=30&skipTotal=1&filter=group%3D"
  groups = tonumber(args[2])
end

function request()
  local unlike = "%20%26%26%20title%21%3D%22" .. math.random(1, 1000000000) .. "%22"
  return wrk.format("GET", path .. math.random(0, groups - 1) .. unlike)
end
