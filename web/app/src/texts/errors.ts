// What a call that failed means, and what to do next.

import type { ApiError } from "@landfall/uploader";

type Words = readonly [message: string, hint: string];

export const EN = {
  unreachable: ["The server cannot be reached.", "Check your connection and try again."] as Words,
  strange: [
    "Something other than Landfall answered.",
    "Ask whoever runs the server to check the address in config.json.",
  ] as Words,
  other: ["That did not work.", "Try again. If it keeps failing, ask whoever runs the server."] as Words,
  codes: {
    unauthorized: ["You are not signed in any more.", "Sign in and try again."],
    forbidden: ["You are not allowed to do that.", "Ask whoever runs the server."],
    origin_not_allowed: [
      "The server does not allow changes from this address.",
      "Ask whoever runs it to add this page's address to `[web] origins`.",
    ],
    not_found: ["It is not there any more.", "It may have been deleted. Go back to the library."],
    gone: ["It is not there any more.", "It was deleted, or the upload expired."],
    not_created: ["It is still being uploaded.", "Try again when the upload has finished."],
    invalid_request: ["The server does not accept this.", "Check what you entered."],
    rate_limited: ["That was too much at once.", "Wait a moment, then try again."],
    store_unavailable: ["The storage does not answer.", "Try again in a moment."],
    catalog_unavailable: ["The server's catalog does not answer.", "Try again in a moment."],
    unavailable: ["The server is busy.", "Try again in a moment."],
    conflict: ["Somebody else changed it at the same moment.", "Try again."],
  } as Record<string, Words>,
  /** A server's own detail, which is in English. */
  inFull: (detail: string) => `The server says: ${detail}`,
};

export const KO: typeof EN = {
  unreachable: ["서버에 연결할 수 없습니다.", "네트워크 연결을 확인한 뒤 다시 시도하세요."],
  strange: [
    "Landfall이 아닌 다른 프로그램이 응답했습니다.",
    "서비스 관리자에게 config.json의 주소를 확인해 달라고 문의하세요.",
  ],
  other: ["요청을 처리하지 못했습니다.", "다시 시도하세요. 계속 실패하면 서비스 관리자에게 문의하세요."],
  codes: {
    unauthorized: ["로그인이 만료되었습니다.", "로그인한 뒤 다시 시도하세요."],
    forbidden: ["권한이 없습니다.", "서비스 관리자에게 문의하세요."],
    origin_not_allowed: [
      "서버가 이 주소에서 보낸 변경을 허용하지 않습니다.",
      "서비스 관리자에게 `[web] origins`에 이 페이지의 주소를 추가해 달라고 요청하세요.",
    ],
    not_found: ["더 이상 존재하지 않습니다.", "삭제되었을 수 있습니다. 보관함으로 돌아가세요."],
    gone: ["더 이상 존재하지 않습니다.", "삭제되었거나 업로드가 만료되었습니다."],
    not_created: ["아직 업로드 중입니다.", "업로드가 끝난 뒤 다시 시도하세요."],
    invalid_request: ["서버가 받아들이지 않는 내용입니다.", "입력한 내용을 확인하세요."],
    rate_limited: ["짧은 시간에 요청이 너무 많았습니다.", "잠시 기다렸다가 다시 시도하세요."],
    store_unavailable: ["스토리지가 응답하지 않습니다.", "잠시 후 다시 시도하세요."],
    catalog_unavailable: ["서버의 카탈로그가 응답하지 않습니다.", "잠시 후 다시 시도하세요."],
    unavailable: ["서버가 바쁩니다.", "잠시 후 다시 시도하세요."],
    conflict: ["다른 곳에서 동시에 변경했습니다.", "다시 시도하세요."],
  },
  inFull: (detail) => `서버 메시지: ${detail}`,
};

/** What is only known field by field is told in the server's own words besides. */
const SAYS_IT_BEST = ["invalid_request"];

export function explainCall(error: ApiError, texts: typeof EN): { message: string; hint: string } {
  const known = error.code && texts.codes[error.code];
  const byKind =
    error.kind === "unreachable" ? texts.unreachable : error.kind === "problem" ? texts.other : texts.strange;
  const [message, hint] = known || byKind;
  const isBest = error.code !== undefined && SAYS_IT_BEST.includes(error.code);
  return { message, hint: isBest ? texts.inFull(error.detail) : hint };
}
