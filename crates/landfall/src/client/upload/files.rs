//! Which local file goes where: the collection and role that follow from its type.

use std::collections::BTreeMap;
use std::path::Path;

use domain::text::{MAX_TITLE_CHARS, composed};
use domain::{CollectionName, MediaType, RoleName, Title};
use uploader::driver::{LocalFile, UploadError, UploadRequest};

use super::super::connection::{IMAGES, VIDEOS};
use super::super::failure;
use super::{Arguments, folders};
use crate::exit::{Exit, Failure};

/// The role of a picture that goes along.
const THUMBNAIL: &str = "thumbnail";

/// One asset to upload.
#[derive(Debug)]
pub(super) struct Planned {
    /// The main file's name, for people.
    pub(super) name: String,
    pub(super) collection: CollectionName,
    pub(super) request: UploadRequest,
}

/// What kind of content a file's name promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Video,
    Image,
}

impl Kind {
    fn of(said: Option<MediaType>, path: &Path) -> Option<Self> {
        let by_name = || MediaType::from_file_name(&path.file_name()?.to_string_lossy());
        let media = said.or_else(by_name)?;
        Some(if media.name().starts_with("video/") { Self::Video } else { Self::Image })
    }

    const fn collection(self) -> &'static str {
        match self {
            Self::Video => VIDEOS,
            Self::Image => IMAGES,
        }
    }

    const fn role(self) -> &'static str {
        match self {
            Self::Video => "video",
            Self::Image => "image",
        }
    }
}

/// Reads the arguments as assets.
pub(super) fn plan(arguments: &Arguments) -> Result<Vec<Planned>, Failure> {
    let files = folders::expand(&arguments.files, arguments.recursive)?;
    let is_one = files.len() == 1;
    let singular = [
        ("--thumbnail", arguments.thumbnail.is_some()),
        ("--preview", arguments.preview.is_some()),
        ("--title", arguments.title.is_some()),
        ("--type", arguments.media_type.is_some()),
    ];
    if let Some((flag, _)) = singular.iter().find(|(_, is_given)| *is_given && !is_one) {
        return Err(Failure::new(Exit::Usage, format!("{flag} goes with one FILE")).hint("upload the files one by one"));
    }
    files.iter().map(|path| plan_one(arguments, path)).collect()
}

fn plan_one(arguments: &Arguments, path: &Path) -> Result<Planned, Failure> {
    let said = arguments.media_type;
    let kind = Kind::of(said, path).ok_or_else(|| failure::of_upload(&UploadError::Type { path: path.to_owned() }))?;
    let collection = arguments.collection.clone().map_or_else(|| CollectionName::parse(kind.collection()), Ok);
    let role = arguments.role.clone().map_or_else(|| RoleName::parse(kind.role()), Ok);
    let (collection, role) = (collection.map_err(misnamed)?, role.map_err(misnamed)?);
    let mut files = BTreeMap::from([(role, LocalFile { path: path.to_owned(), media_type: said })]);
    for (name, companion) in [(THUMBNAIL, &arguments.thumbnail), ("preview", &arguments.preview)] {
        let Some(companion) = companion else { continue };
        if name == THUMBNAIL && !is_picture(companion) {
            let pictures = MediaType::ALL.iter().filter(|media| media.name().starts_with("image/"));
            let known: Vec<_> = pictures.flat_map(|media| media.extensions()).copied().collect();
            return Err(Failure::new(Exit::Usage, format!("{} is not an image", companion.display()))
                .hint(format!("--thumbnail takes images: {}", known.join(", "))));
        }
        let role = RoleName::parse(name).map_err(misnamed)?;
        if files.insert(role, companion.clone().into()).is_some() {
            return Err(Failure::new(Exit::Usage, format!("two files for the role {name}")));
        }
    }
    let title = match &arguments.title {
        Some(title) => Title::parse(title).map_err(|wrong| Failure::new(Exit::Usage, format!("--title {wrong}")))?,
        None => title_of(path),
    };
    let request = UploadRequest { title: title.to_string(), description: arguments.description.clone(), files };
    Ok(Planned { name: path.display().to_string(), collection, request })
}

fn is_picture(path: &Path) -> bool {
    Kind::of(None, path) == Some(Kind::Image)
}

fn misnamed(wrong: domain::collection::InvalidName) -> Failure {
    Failure::new(Exit::Usage, wrong.to_string())
}

/// The file's name without its extension, as far as it can be a title.
fn title_of(path: &Path) -> Title {
    let stem = composed(path.file_stem().unwrap_or_default().to_string_lossy().into_owned());
    let line: String = stem.chars().map(|c| if c.is_control() { ' ' } else { c }).take(MAX_TITLE_CHARS).collect();
    Title::parse(line).unwrap_or_else(|_| Title::parse("untitled").expect("a word is a title"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn planned(words: &[&str]) -> Result<Vec<Planned>, Failure> {
        plan(&Line::try_parse_from(std::iter::once("upload").chain(words.iter().copied())).unwrap().arguments)
    }

    #[test]
    fn type_decides_collection_and_role() {
        let planned = planned(&["/a/Holiday 1.MOV", "me.jpeg"]).unwrap();
        let places = planned.iter().map(|one| {
            let role = one.request.files.keys().next().unwrap().to_string();
            (one.collection.to_string(), role, one.request.title.clone())
        });
        let expected = [("videos", "video", "Holiday 1"), ("images", "image", "me")];
        assert!(places.eq(expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()))));
    }

    #[test]
    fn companions_belong_to_one_file() {
        let planned_one = planned(&["a.mp4", "--thumbnail", "t.png", "--preview", "p.webm", "--title", "T"]).unwrap();
        let roles: Vec<_> = planned_one[0].request.files.keys().map(RoleName::as_str).collect();
        assert_eq!(roles, ["preview", "thumbnail", "video"]);
        assert_eq!(planned(&["a.mp4", "b.mp4", "--thumbnail", "t.png"]).unwrap_err().exit, Exit::Usage);
        assert_eq!(planned(&["a.mp4", "--role", "preview", "--preview", "p.mp4"]).unwrap_err().exit, Exit::Usage);
        let page = planned(&["a.mp4", "--thumbnail", "t.mp4"]).unwrap_err();
        assert_eq!((page.exit, page.message.as_str()), (Exit::Usage, "t.mp4 is not an image"));
        let takes = page.hint.unwrap();
        assert!(takes.contains("jpg") && takes.contains("png") && !takes.contains("mp4"), "{takes}");
        assert_eq!(planned(&["a.html"]).unwrap_err().exit, Exit::Usage);
        assert_eq!(planned(&["a.mp4", "--title", " "]).unwrap_err().exit, Exit::Usage);
    }

    #[test]
    fn a_type_is_said_where_no_name_tells() {
        let planned_one = planned(&["/cards/0001", "--type", "VIDEO/MP4"]).unwrap();
        let (role, file) = planned_one[0].request.files.first_key_value().unwrap();
        assert_eq!((role.as_str(), file.media_type), ("video", Some(MediaType::Mp4)));
        assert_eq!(planned_one[0].collection.as_str(), "videos");
        assert_eq!(planned(&["me", "--type", "image/jpg"]).unwrap()[0].collection.as_str(), "images");
        let refused = planned(&["/cards/0001"]).unwrap_err();
        assert!(refused.hint.unwrap().contains("--type video/mp4"));
        assert_eq!(planned(&["a", "b", "--type", "video/mp4"]).unwrap_err().exit, Exit::Usage);
        assert!(Line::try_parse_from(["upload", "a", "--type", "text/html"]).is_err());
    }

    #[test]
    fn any_file_name_makes_a_title() {
        assert_eq!(title_of(Path::new("/x/휴가 🎬.mp4")).as_str(), "휴가 🎬");
        let apart = "\u{1112}\u{1172}\u{1100}\u{1161}".repeat(100);
        assert_eq!(title_of(Path::new(&format!("{apart}.mp4"))).as_str(), "휴가".repeat(100));
        assert_eq!(title_of(Path::new("a\nb.mp4")).as_str(), "a b");
        assert_eq!(title_of(Path::new("  .mp4")).as_str(), "untitled");
        assert_eq!(title_of(Path::new(&format!("{}.mp4", "가".repeat(80)))).as_str(), "가".repeat(80));
    }

    #[test]
    fn a_token_is_never_shown() {
        let line = Line::try_parse_from(["upload", "a.mp4", "--token", "a secret"]).unwrap();
        assert!(!format!("{:?}", line.arguments).contains("secret"));
        use clap::CommandFactory as _;
        assert!(!Line::command().render_long_help().to_string().contains("secret"));
    }
}
