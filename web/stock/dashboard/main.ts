// Uppy's Dashboard over Landfall's own protocol, as the plugin's README has it: another origin, and a token.

import Landfall from "@landfall/uppy";
import { koKR } from "@landfall/uppy/locales";
import Uppy from "@uppy/core";
import Dashboard from "@uppy/dashboard";
import GoldenRetriever from "@uppy/golden-retriever";
import "@uppy/core/css/style.min.css";
import "@uppy/dashboard/css/style.min.css";

interface Wishes {
  server: string;
  token: string;
  account: string;
  language: "en" | "ko";
}

const { server, token, account, language } = JSON.parse(decodeURIComponent(location.hash.slice(1))) as Wishes;
document.documentElement.lang = language;
new Uppy(language === "ko" ? { locale: koKR } : {})
  .use(Dashboard, { target: "main", inline: true })
  .use(GoldenRetriever)
  .use(Landfall, { server, token: () => token, account, language });
