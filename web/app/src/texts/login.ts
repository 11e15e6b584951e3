// Signing in.

export const EN = {
  title: "Sign in",
  welcome: "Upload, keep and share video.",
  how: "Get a sign-in link",
  howText:
    "On the computer that runs Landfall, run this command and open the link it prints. A link works once, for 10 minutes.",
  command: "landfall login --data DIR",
  copyCommand: "Copy the command",
  copied: "Copied",
  orToken: "Or use a token",
  token: "Use a token",
  tokenLabel: "Access token",
  tokenHint: "Your service gives you one. It is exchanged for a session and not kept in this browser.",
  submit: "Sign in",
  working: "Signing in…",
  show: "Show the token",
  hide: "Hide the token",
  empty: "Paste a token first.",
  usedUp: "This link has been used or is too old",
  usedUpHint: "Run the command below again to get a new one.",
  refused: "This token is not accepted",
  refusedHint: "Check that you copied all of it and that it has not expired.",
  notKept: "Your browser does not keep this session",
  notKeptHint:
    "Ask whoever runs the server to serve these pages and the API from one site, and check that your browser does not block cookies.",
  lost: "The server cannot be reached",
  lostHint: "Check that Landfall is running and that you are connected, then try again.",
};

export const KO: typeof EN = {
  title: "로그인",
  welcome: "동영상을 올리고, 보관하고, 공유하세요.",
  how: "로그인 링크 받기",
  howText:
    "Landfall을 실행 중인 컴퓨터에서 아래 명령을 실행하고, 출력된 링크를 여세요. 링크는 10분 동안 한 번만 쓸 수 있습니다.",
  command: "landfall login --data DIR",
  copyCommand: "명령 복사",
  copied: "복사했습니다",
  orToken: "또는 토큰으로 로그인",
  token: "토큰으로 로그인",
  tokenLabel: "액세스 토큰",
  tokenHint: "사용 중인 서비스에서 발급합니다. 로그인에만 쓰이며 이 브라우저에 저장되지 않습니다.",
  submit: "로그인",
  working: "로그인하는 중…",
  show: "토큰 표시",
  hide: "토큰 숨기기",
  empty: "토큰을 먼저 붙여 넣으세요.",
  usedUp: "이미 사용했거나 만료된 링크입니다",
  usedUpHint: "아래 명령을 다시 실행해 새 링크를 받으세요.",
  refused: "사용할 수 없는 토큰입니다",
  refusedHint: "전체를 복사했는지, 만료되지 않았는지 확인하세요.",
  notKept: "브라우저가 로그인 상태를 저장하지 않았습니다",
  notKeptHint:
    "서비스 관리자에게 이 페이지와 API를 같은 사이트에서 제공해 달라고 요청하고, 브라우저가 쿠키를 차단하지 않는지 확인하세요.",
  lost: "서버에 연결할 수 없습니다",
  lostHint: "Landfall이 실행 중인지, 네트워크에 연결되어 있는지 확인한 뒤 다시 시도하세요.",
};
