//! An asset in a few lines, for people.

use domain::ByteCount;
use wire::{AssetBody, FileBody};

use crate::console::printable;

/// An asset in one line.
pub(super) fn headline(asset: &AssetBody) -> String {
    format!("{}  {}  {}", asset.id, asset.status, printable(&asset.title))
}

/// An asset and its files, one a line.
pub(super) fn asset(asset: &AssetBody) -> Vec<String> {
    let mut lines = vec![headline(asset)];
    for (role, file) in &asset.files {
        lines.push(format!("  {role}: {}", self::file(asset, file)));
    }
    lines
}

fn file(asset: &AssetBody, file: &FileBody) -> String {
    let size = file.size.map_or_else(|| "size not known yet".to_owned(), |size| ByteCount(size).to_string());
    let what = format!("{}, {}, {size}", printable(&file.file_name), file.content_type);
    let place = match (&file.url, &file.rejected) {
        (Some(url), _) => format!("\n    {url}"),
        (None, Some(rejected)) => format!("\n    rejected ({}): {}", rejected.code, printable(&rejected.detail)),
        (None, None) if asset.status == "CREATED" => ", private".to_owned(),
        (None, None) => String::new(),
    };
    let verified = match file.verified.as_slice() {
        [] => String::new(),
        checks => format!(", verified: {}", checks.join(" ")),
    };
    format!("{what}{verified}{place}")
}
