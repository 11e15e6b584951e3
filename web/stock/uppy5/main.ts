// @uppy/aws-s3 5.1, which speaks to Companion with headers.

import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import GoldenRetriever from "@uppy/golden-retriever";
import { KEPT, show, wishes } from "../page";

const { door, token, isMultipart, isKept } = wishes();
const uppy = new Uppy();
uppy.use(AwsS3, {
  endpoint: door,
  shouldUseMultipart: () => isMultipart,
  ...(token ? { headers: { authorization: `Bearer ${token}` } } : {}),
});
if (isKept) uppy.use(GoldenRetriever, { indexedDB: KEPT as object });
show({
  addFile: (file) => uppy.addFile(file),
  upload: () => uppy.upload(),
  pauseAll: () => uppy.pauseAll(),
  resumeAll: () => uppy.resumeAll(),
  retryAll: () => uppy.retryAll(),
  cancelAll: () => uppy.cancelAll(),
  restore: () => uppy.emit("restore-confirmed"),
  on: (event: string, act: (...given: never[]) => void) => uppy.on(event as "upload-error", act as () => void),
});
