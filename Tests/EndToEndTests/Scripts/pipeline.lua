-- SPDX-License-Identifier: Apache-2.0
-- For wrk: ten requests in one write, of several outcomes, three hundred times. Then its connections are silent until
-- it ends, so that every request has been answered by then.
local left = 300
local batch

init = function()
  local targets = { "/echo", "/a/b", "/nothing", "/none", "/fail", "/a/b", "/made", "/echo?x", "/forbid", "/a/b" }
  for index, target in ipairs(targets) do targets[index] = wrk.format("GET", target) end
  batch = table.concat(targets)
end

request = function()
  left = left - 1
  return batch
end

delay = function() return left > 0 and 0 or 60000 end
