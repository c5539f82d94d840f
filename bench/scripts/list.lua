-- The first page, newest first. Arguments: collection.
function init(args)
  wrk.path = "/api/collections/" .. args[1] .. "/records?perPage=30&sort=-created&skipTotal=1"
end
