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
    part_refused: ["스토리지가 파일의 한 부분을 거듭 거절했습니다.", TRY_AGAIN],
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
    too_large: "파일이 허용된 크기보다 큽니다.",
    empty: "빈 파일입니다.",
    content_type_mismatch: "도착한 파일의 형식이 알린 것과 다릅니다.",
    checksum_mismatch: "도착한 내용이 원본과 다릅니다.",
    etag_mismatch: "저장된 파일이 업로드한 파일과 다릅니다.",
    content_mismatch: "파일의 내용이 이름과 다른 형식입니다.",
    parts_changed: "파일을 합치는 동안 내용이 바뀌었습니다.",
    refused_by_store: "스토리지가 파일을 합치지 못했습니다.",
    upload_vanished: "업로드가 스토리지에서 사라졌습니다.",
  },
  formats: {
    "video/mp4": "MP4 또는 QuickTime 동영상",
    "video/x-matroska": "WebM 또는 Matroska 동영상",
    "video/x-msvideo": "AVI 동영상",
    "image/jpeg": "JPEG 이미지",
    "image/png": "PNG 이미지",
    "image/webp": "WebP 이미지",
    "image/gif": "GIF 이미지",
    "image/heic": "HEIC 이미지",
    "image/avif": "AVIF 이미지",
    "image/jxl": "JPEG XL 이미지",
    "image/jp2": "JPEG 2000 이미지",
    "image/tiff": "TIFF 또는 카메라 RAW 이미지",
    "image/bmp": "BMP 이미지",
    "audio/mp4": "MP4 오디오 파일",
    "audio/mpeg": "MP3 오디오 파일",
    "audio/wav": "WAV 오디오 파일",
    "application/ogg": "Ogg 파일",
    "video/mpeg": "MPEG 동영상",
    "video/mp2t": "MPEG 전송 스트림",
    "video/x-ms-wmv": "Windows Media 파일",
    "video/x-flv": "Flash 동영상",
    "application/pdf": "PDF 문서",
    "application/zip": "ZIP 압축 파일",
    "text/html": "웹 페이지",
    "application/xml": "XML 또는 SVG 문서",
  },
  isReally: (format) => ({
    message: `파일 이름과 실제 형식이 다릅니다. 실제 형식: ${format}.`,
    hint: "파일을 변환하거나, 여기에 업로드할 수 있는 형식이면 확장자를 고친 뒤 다시 선택하세요.",
  }),
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
