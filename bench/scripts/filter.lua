-- Lists with ever-changing filters on an indexed field. Arguments: collection, groups.
function init(args)
  math.randomseed(os.time() + tonumber(tostring({}):sub(8), 16) % 100000)
  path = "/api/collections/" .. args[1] .. "/records?perPage=30&skipTotal=1&filter=group%3D"
  groups = tonumber(args[2])
end

function request()
  return wrk.format("GET", path .. math.random(0, groups - 1))
end
