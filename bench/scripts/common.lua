-- What the load scripts share: ids, bodies, the token.

local common = {}

local letters = "abcdefghijklmnopqrstuvwxyz     "

function common.headers(token)
  local headers = { ["Content-Type"] = "application/json" }
  if token ~= "" then headers["Authorization"] = token end
  return headers
end

function common.id(number)
  return string.format("%015d", number)
end

function common.text(bytes)
  local parts = {}
  for i = 1, bytes do
    local at = math.random(#letters)
    parts[i] = letters:sub(at, at)
  end
  return table.concat(parts)
end

-- Zipf ranks (exponent about 1) by inverting the continuous distribution:
-- P(rank <= x) = log(x) / log(n).
function common.zipf(n)
  return math.floor(n ^ math.random()) - 1
end

return common
