// @uppy/aws-s3 6, which sends no header: by `companionEndpoint`, or with requests that the server signs.

import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";
import GoldenRetriever from "@uppy/golden-retriever";
import { show, wishes } from "../page";

const { door, isMultipart, isSigned, keeps } = wishes();
const uppy = new Uppy();

/** As docs/guides/uppy.md has it. */
async function signRequest(request: object): Promise<{ url: string }> {
  const answer = await fetch(`${door}/s3/sign`, { method: "POST", body: JSON.stringify(request) });
  const body = (await answer.json()) as { url: string; message?: string };
  if (!answer.ok) throw new Error(body.message);
  return body;
}

if (isSigned) uppy.use(AwsS3, { signRequest, shouldUseMultipart: isMultipart });
else uppy.use(AwsS3, { companionEndpoint: door, shouldUseMultipart: isMultipart });
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
