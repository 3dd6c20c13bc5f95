// Runs only in browsers without modules; they get the telephone numbers at least.
(function () {
  var root = document.getElementById('root');
  root.textContent = '这个浏览器太旧，打不开对话。请换微信或系统自带的浏览器再打开。着火、燃气味、电梯困人请直接拨打 119，有人受伤拨打 120，治安报警拨打 110。';
  root.className = 'Starting';
})();
