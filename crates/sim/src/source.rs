//! What somebody wants to upload: files, how they are cut, and what is told about them beforehand.
//!
//! Not what a client does with them ([`crate::clients`]). *Invariant*: everything that is announced is well-formed and
//! within the owner's allowance; what is sent later may be wrong.

use bytes::Bytes;
use domain::{
    ByteCount, ChecksumAlgorithm, DeclaredChecksum, Description, FileName, MediaType, Metadata, PartNumber, PartPlan,
    RoleName, Title,
};
use server::app::{Finisher, IdempotencyKey, NewFile, NewUpload};

use crate::ablation::beginning_of;
use crate::chance::{Chance, mix};
use crate::fleet::role;
use crate::matter::{Piece, checksum_of};

const MIB: u64 = 1 << 20;
/// What comes by a form at the most: the real limit is larger, and its bytes are real here.
const FORM: ByteCount = ByteCount(4_000);

/// What is told about a size beforehand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// All of it.
    Declared,
    /// Nothing: the role's limit holds.
    Undeclared,
}

/// A file on somebody's device.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    pub(crate) role: RoleName,
    pub(crate) size: Size,
    pub(crate) finisher: Finisher,
    pub(crate) checksum: Option<DeclaredChecksum>,
    media: MediaType,
    /// How it is cut, part after part.
    lengths: Vec<ByteCount>,
    content: u64,
    /// It begins with something else than it says.
    lies: bool,
}

/// An asset somebody wants to upload.
#[derive(Debug, Clone)]
pub(crate) struct Errand {
    pub(crate) collection: &'static str,
    pub(crate) sources: Vec<Source>,
    pub(crate) claims_parts: bool,
    idempotency: Option<IdempotencyKey>,
}

impl Source {
    /// A file of a declared size that its owner completes.
    fn new(chance: &mut Chance, name: &str, media: MediaType) -> Self {
        let size = chance.pick(&[1_000, 3 * MIB, 5 * MIB + 1, 9 * MIB, 12 * MIB]) + chance.between(0, 99);
        let plan = PartPlan::with_preferred(ByteCount(size), ByteCount::mib(5)).expect("it can be planned");
        let lengths = plan.numbers().map(|number| plan.length_of(number).expect("it is planned")).collect();
        let mut source = Self {
            role: role(name),
            size: Size::Declared,
            finisher: Finisher::Owner,
            checksum: None,
            media,
            lengths,
            content: chance.bits(),
            lies: chance.odds(50),
        };
        if chance.odds(350) {
            let algorithm = chance.pick(&[ChecksumAlgorithm::Crc64Nvme, ChecksumAlgorithm::Crc32C]);
            let value = chance.odds(700).then(|| checksum_of(algorithm, &source.pieces()));
            source.checksum = Some(DeclaredChecksum { algorithm, value });
        }
        source
    }

    /// A film of any size up to 12 MiB, or a little more, cut as its sender likes.
    fn clip(chance: &mut Chance) -> Self {
        let cuts: [&[u64]; 8] = [
            &[1_000],
            &[5 * MIB, 1],
            &[5 * MIB, 7 * MIB],
            &[6 * MIB, 5 * MIB],
            &[5 * MIB, 5 * MIB, 1_000],
            &[12 * MIB],
            // Too much, and too little in the middle.
            &[6 * MIB, 6 * MIB, 1],
            &[5 * MIB - 1, 1_000],
        ];
        let lengths = chance.pick(&cuts).iter().copied().map(ByteCount).collect();
        let source = Self::new(chance, "clip", MediaType::Mp4);
        Self { size: Size::Undeclared, checksum: None, lengths, ..source }
    }

    /// The same in one part, which nobody completes.
    fn left_alone(self, chance: &mut Chance) -> Self {
        let length = chance.pick(&[1_000, 1_000, 1_000, 3 * MIB, 9 * MIB, 9 * MIB, 12 * MIB, 12 * MIB + 1]);
        let fits = length <= 12 * MIB;
        let size = if fits && chance.odds(400) { Size::Declared } else { Size::Undeclared };
        Self { finisher: Finisher::Arrival, checksum: None, lengths: vec![ByteCount(length)], size, ..self }
    }

    /// The numbers of its parts.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = PartNumber> + use<> {
        (1..=self.lengths.len() as u64).map(|number| PartNumber::new(number).expect("parts are few"))
    }

    pub(crate) fn piece(&self, number: PartNumber) -> Piece {
        let size = self.lengths[usize::from(number.get()) - 1];
        let other = if self.media == MediaType::Mp4 { MediaType::Png } else { MediaType::Mp4 };
        let begins = Bytes::from_static(beginning_of(if self.lies { other } else { self.media }));
        Piece { size, tag: mix(self.content ^ u64::from(number.get())), begins }
    }

    pub(crate) fn pieces(&self) -> Vec<Piece> {
        self.numbers().map(|number| self.piece(number)).collect()
    }

    /// Its bytes, if it is so small that a form may bring it: other ones than its symbol stands for, as any file is that is
    /// sent again after it was changed.
    pub(crate) fn form(&self) -> Option<Bytes> {
        let first = PartNumber::new(1).expect("parts begin at 1");
        let Piece { size, tag, begins } = self.piece(first);
        let is_small = self.finisher == Finisher::Arrival && size <= FORM;
        is_small.then(|| {
            let rest = tag.to_be_bytes().into_iter().cycle();
            begins.iter().copied().chain(rest).take(size.get() as usize).collect()
        })
    }

    /// Whether its owner has to name the parts it sent.
    pub(crate) fn needs_list(&self) -> bool {
        self.size == Size::Undeclared && self.finisher == Finisher::Owner
    }

    pub(crate) fn announced(&self) -> NewFile {
        let size = self.lengths.iter().fold(ByteCount::ZERO, |sum, length| sum.saturating_add(*length));
        NewFile {
            file_name: FileName::parse("film").expect("it is a name"),
            size: (self.size == Size::Declared).then_some(size),
            media_type: self.media,
            checksum: self.checksum.clone(),
            finisher: self.finisher,
        }
    }

    /// Another file for the same role, and an honest one: it is what it says, and within every limit.
    pub(crate) fn another(&self) -> Self {
        let mut lengths = self.lengths.clone();
        if self.size == Size::Undeclared {
            lengths.truncate(1);
            lengths[0] = lengths[0].min(ByteCount::mib(5));
        }
        Self { content: mix(self.content), checksum: None, lies: false, lengths, ..self.clone() }
    }
}

impl Errand {
    /// The first asset of every seed has two files; the others as it comes.
    pub(crate) fn new(chance: &mut Chance, number: u64) -> Self {
        let kind = if number > 0 { chance.below(10) } else { 0 };
        let (collection, mut sources) = match kind {
            6 | 7 => ("images", vec![Source::new(chance, "image", MediaType::Png)]),
            8 | 9 => ("clips", vec![Source::clip(chance)]),
            _ => ("videos", vec![Source::new(chance, "video", MediaType::Mp4)]),
        };
        if collection == "videos" && (number == 0 || chance.odds(400)) {
            sources.push(Source::new(chance, "thumbnail", MediaType::Png));
        }
        // A film may be left alone beside a thumbnail that its owner completes; pictures often come by a form.
        let left_alone = match collection {
            "clips" => 500,
            "images" => 300,
            _ => 80,
        };
        if chance.odds(left_alone) {
            sources[0] = sources[0].clone().left_alone(chance);
        }
        let idempotency =
            chance.odds(700).then(|| IdempotencyKey { key: format!("errand {number}"), body: format!("{number}") });
        Self { collection, sources, idempotency, claims_parts: chance.odds(250) }
    }

    /// Whether anybody will say that it has been sent.
    pub(crate) fn is_left_alone(&self) -> bool {
        self.sources.iter().all(|source| source.finisher == Finisher::Arrival)
    }

    pub(crate) fn upload(&self) -> NewUpload {
        NewUpload {
            title: Title::parse("Film").expect("it is a title"),
            description: Description::empty(),
            metadata: Metadata::empty(),
            fingerprint: None,
            files: self.sources.iter().map(|source| (source.role.clone(), source.announced())).collect(),
            idempotency: self.idempotency.clone(),
        }
    }
}
