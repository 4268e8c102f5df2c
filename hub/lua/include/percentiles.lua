-- percentiles: quantiles of a row's histogram (the lower nearest rank, within 2 %).
--
-- The bins are those of metrics.lua: "<axis>:<bin>" counts.

-- The value in ms that stands for a bin: within 2 % of every value in it.
local function bin_middle(bin)
  return bin == 0 and 0 or 2 * math.exp(bin * LOG_G) / (math.exp(LOG_G) + 1)
end

local function percentiles_json(row, axis)
  local bins, total = {}, 0
  for figure, count in pairs(row) do
    local bin = string.match(figure, '^' .. axis .. ':(%d+)$')
    if bin then
      bins[#bins + 1] = {tonumber(bin), count}
      total = total + count
    end
  end
  if total == 0 then return 'null' end
  table.sort(bins, function(a, b) return a[1] < b[1] end)
  local function quantile(q)
    local rank, seen = q * (total - 1), 0
    for _, item in ipairs(bins) do
      seen = seen + item[2]
      if seen > rank then return bin_middle(item[1]) end
    end
  end
  local function shown(q) return string.format('%.1f', quantile(q)) end
  return '{"p50":' .. shown(0.5) .. ',"p95":' .. shown(0.95) .. ',"p99":' .. shown(0.99) .. '}'
end
