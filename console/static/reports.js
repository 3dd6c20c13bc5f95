// Draws the report's charts from the data in the page; the tables beside them say the same without it.
'use strict';

(() => {
  const source = document.getElementById('report-data');
  if (!source || !window.echarts) return;
  const data = JSON.parse(source.textContent);
  const colours = ['#0b6b58', '#b9c7c1'];
  // The page's content policy forbids styles in HTML, so tooltips are drawn on the canvas.
  const tooltip = { trigger: 'axis', renderMode: 'richText', axisPointer: { type: 'shadow' } };
  const drawn = [];

  function bars(rows) {
    const shown = rows.slice().reverse();
    return {
      color: colours, tooltip, legend: { data: ['本期', '上年同期'], top: 0 },
      grid: { left: 8, right: 24, top: 32, bottom: 8, containLabel: true },
      xAxis: { type: 'value', minInterval: 1 },
      yAxis: { type: 'category', data: shown.map((row) => row.name), axisLabel: { width: 120, overflow: 'truncate' } },
      series: [
        { name: '本期', type: 'bar', data: shown.map((row) => row.now) },
        { name: '上年同期', type: 'bar', data: shown.map((row) => row.before) },
      ],
    };
  }

  function months(rows) {
    const names = [`${rows.year} 年`, `${rows.year - 1} 年`];
    return {
      color: colours, tooltip, legend: { data: names, top: 0 },
      grid: { left: 8, right: 16, top: 32, bottom: 8, containLabel: true },
      xAxis: { type: 'category', data: Array.from({ length: 12 }, (_, i) => `${i + 1}月`) },
      yAxis: { type: 'value', minInterval: 1 },
      series: [
        { name: names[0], type: 'bar', data: rows.now },
        { name: names[1], type: 'line', data: rows.before, lineStyle: { type: 'dashed' } },
      ],
    };
  }

  for (const place of document.querySelectorAll('[data-chart]')) {
    const name = place.dataset.chart;
    if (name !== 'months') place.classList.add('tall');
    const chart = window.echarts.init(place, null, { renderer: 'canvas' });
    chart.setOption({ animation: false, ...(name === 'months' ? months(data.months) : bars(data[name])) });
    drawn.push(chart);
  }
  window.addEventListener('resize', () => drawn.forEach((chart) => chart.resize()));
})();
