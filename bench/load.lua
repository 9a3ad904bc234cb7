-- wrk -s load.lua URL -- KEY SUBJECTS METHOD PATH [BODY]
-- In PATH and BODY, {subject} is a random person of 1..SUBJECTS and {key} a fresh idempotency key.
local subjects, method, target, body
local headers = {["Content-Type"] = "application/json"}
function init(args)
  headers["Authorization"] = "Bearer " .. args[1]
  subjects, method, target, body = tonumber(args[2]), args[3], args[4], args[5]
  math.randomseed(os.time() + tonumber(tostring({}):match("0x(%x+)"), 16) % 100000)
end
function request()
  local subject = tostring(math.random(1, subjects))
  local text = nil
  if body then
    text = body:gsub("{subject}", subject)
    headers["Idempotency-Key"] = string.format("%08x%08x%08x", math.random(0, 2147483647), math.random(0, 2147483647), math.random(0, 2147483647))
  end
  return wrk.format(method, (target:gsub("{subject}", subject)), headers, text)
end
function done(summary, latency, requests)
  io.write(string.format("RESULT %d %d %d\n", summary.requests, summary.duration, summary.errors.status + summary.errors.read + summary.errors.timeout + summary.errors.connect))
end
