// 한국어.

import type { Texts } from "./texts.js";

const TRY_AGAIN = "다시 시도하면 멈춘 곳부터 이어집니다.";
const ANEW = "파일을 다시 업로드하세요.";
const ASK = "서비스 관리자에게 문의하세요.";

export const KO: Texts = {
  errors: {
    bad_size: ["파일이 비어 있거나 너무 큽니다.", "다른 파일을 선택하세요."],
    bad_type: [
      "저장할 수 없는 형식의 파일입니다.",
      "MP4, MOV, 3GP, WebM, MKV, AVI 동영상이나 JPEG, PNG, WebP, GIF 이미지를 선택하세요.",
    ],
    unreadable: [
      "파일을 더 이상 읽을 수 없습니다. 파일이 바뀌었거나 옮겨졌거나 저장 장치가 분리되었을 수 있습니다.",
      "파일을 다시 선택하세요.",
    ],
    rejected: ["서버가 파일을 거부했습니다.", "기기에서 파일이 재생되는지 확인한 뒤 다시 업로드하세요."],
    gone: ["업로드가 서버에 더 이상 없습니다.", ANEW],
    unknown: ["끝나지 않은 업로드가 다른 계정의 것입니다.", ANEW],
    refused: ["서버가 업로드를 거절했습니다.", `잠시 후 다시 시도하세요. 계속되면 ${ASK}`],
    part_refused: ["저장소가 파일의 한 부분을 거듭 거절했습니다.", TRY_AGAIN],
    beyond_repair: ["파일의 일부가 거듭 사라졌습니다.", TRY_AGAIN],
    out_of_patience: ["너무 오래 응답이 없었습니다.", `연결을 확인하세요. ${TRY_AGAIN}`],
    still_committing: [
      "모두 도착했지만 서버가 아직 확인하고 있습니다.",
      "몇 분 뒤에 다시 확인하세요. 다시 업로드하지 않아도 됩니다.",
    ],
    contradiction: ["서버가 기다리는 파일과 다른 파일입니다.", ANEW],
    cancelled: ["업로드를 취소했습니다.", ""],
  },
  reasons: {
    size_mismatch: "도착한 파일의 크기가 원본과 다릅니다.",
    content_type_mismatch: "도착한 파일의 형식이 알린 것과 다릅니다.",
    checksum_mismatch: "도착한 내용이 원본과 다릅니다.",
    etag_mismatch: "저장된 파일이 업로드한 파일과 다릅니다.",
    content_mismatch: "파일의 내용이 이름과 다른 형식입니다.",
    parts_changed: "파일을 합치는 동안 내용이 바뀌었습니다.",
    refused_by_store: "저장소가 파일을 합치지 못했습니다.",
    upload_vanished: "업로드가 저장소에서 사라졌습니다.",
  },
  server: {
    unauthorized: ["로그인이 만료되었습니다.", `로그인하세요. ${TRY_AGAIN}`],
    forbidden: ["여기에 업로드할 권한이 없습니다.", ASK],
    not_found: ["업로드할 곳이 없습니다.", ASK],
    invalid_request: ["서버가 이 파일이나 설명을 받아들이지 않았습니다.", ""],
    missing_role: ["꼭 필요한 파일을 선택하지 않았습니다.", "파일을 선택하고 다시 시도하세요."],
    too_many_open_uploads: ["끝나지 않은 업로드가 너무 많습니다.", "일부를 끝내거나 취소하세요."],
    too_many_reserved_bytes: ["끝나지 않은 업로드의 용량이 너무 큽니다.", "일부를 끝내거나 취소하세요."],
  },
  trouble: {
    offline: "네트워크를 기다리는 중입니다. 연결되면 저절로 이어집니다.",
    busy: "서버가 바쁩니다. 다시 시도하는 중입니다.",
    unreachable: "응답이 없습니다. 다시 시도하는 중입니다.",
  },
};
