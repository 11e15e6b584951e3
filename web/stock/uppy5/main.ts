// @uppy/aws-s3 5.1, which speaks to Companion with headers or a cookie.

import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import GoldenRetriever from "@uppy/golden-retriever";
import { show, wishes } from "../page";

const { door, token, isByCookie, isMultipart, keeps } = wishes();
const uppy = new Uppy();
uppy.use(AwsS3, {
  endpoint: door,
  shouldUseMultipart: () => isMultipart,
  ...(token ? { headers: { authorization: `Bearer ${token}` } } : {}),
  ...(isByCookie ? { cookiesRule: "include" } : {}),
});
if (keeps !== undefined) uppy.use(GoldenRetriever, { indexedDB: { maxFileSize: keeps } as object });
show({
  addFile: (file) => uppy.addFile(file),
  upload: () => uppy.upload(),
  pauseAll: () => uppy.pauseAll(),
  resumeAll: () => uppy.resumeAll(),
  retryAll: () => uppy.retryAll(),
  cancelAll: () => uppy.cancelAll(),
  restore: () => uppy.emit("restore-confirmed"),
  getFiles: () => uppy.getFiles(),
  on: (event: string, act: (...given: never[]) => void) => uppy.on(event as "upload-error", act as () => void),
});
