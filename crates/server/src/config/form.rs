//! The forms that values of the configuration take: how each is read, written, and described.
//!
//! A form is one small parser with its range. *Rule*: an error says what was given and what is accepted; a secret is
//! never repeated.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use connections::Network;
use domain::{ByteCount, MediaType, TimeSpan};

use super::secret::Secret;
use super::server::http_url;
use super::units;

/// A value as it came.
#[derive(Debug, Clone, Copy)]
pub(super) enum Raw<'a> {
    /// From the file.
    Toml(&'a toml::Value),
    /// From the environment.
    Variable(&'a str),
}

impl Raw<'_> {
    fn text(&self) -> Result<&str, String> {
        match self {
            Self::Variable(text) => Ok(text),
            Self::Toml(toml::Value::String(text)) => Ok(text),
            Self::Toml(other) => Err(format!("{other} must be written as text, in quotes")),
        }
    }
}

/// How a type of value is read and written.
pub(super) trait Form<T> {
    /// Reads a value, or says what is wrong with it.
    fn parse(&self, raw: Raw<'_>) -> Result<T, String>;
    /// Writes a value as TOML. `None`: there is nothing to write, or it must not be shown.
    fn write(&self, value: &T) -> Option<String>;
    /// What is accepted, for people; may be empty.
    fn accepts(&self) -> String {
        String::new()
    }
    /// What a commented-out line shows when there is no value.
    fn example(&self) -> String {
        String::new()
    }
}

/// A text as a TOML string.
pub(super) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Any text, with a check of its own.
pub(super) struct Text(pub(super) fn(&str) -> Result<(), String>);

/// Accepts every text but the empty one.
pub(super) fn not_empty(text: &str) -> Result<(), String> {
    if text.trim().is_empty() { Err("must not be empty".into()) } else { Ok(()) }
}

impl Form<String> for Text {
    fn parse(&self, raw: Raw<'_>) -> Result<String, String> {
        let text = raw.text()?;
        (self.0)(text).map_err(|wrong| format!("{} {wrong}", quoted(text)))?;
        Ok(text.to_owned())
    }

    fn write(&self, value: &String) -> Option<String> {
        Some(quoted(value))
    }
}

/// An address of a server. A refusal does not repeat it: whoever writes one with a user writes a password too.
pub(super) struct HttpUrl;

impl Form<String> for HttpUrl {
    fn parse(&self, raw: Raw<'_>) -> Result<String, String> {
        let text = raw.text()?;
        http_url(text).map(|()| text.to_owned())
    }

    fn write(&self, value: &String) -> Option<String> {
        Some(quoted(value))
    }
}

/// A path of a file or folder.
pub(super) struct FilePath;

impl Form<PathBuf> for FilePath {
    fn parse(&self, raw: Raw<'_>) -> Result<PathBuf, String> {
        let text = raw.text()?;
        not_empty(text).map_err(|wrong| format!("{} {wrong}", quoted(text)))?;
        Ok(PathBuf::from(text))
    }

    fn write(&self, value: &PathBuf) -> Option<String> {
        Some(quoted(&value.to_string_lossy()))
    }
}

/// An IP address and a port.
pub(super) struct Address;

impl Form<SocketAddr> for Address {
    fn parse(&self, raw: Raw<'_>) -> Result<SocketAddr, String> {
        let text = raw.text()?;
        let form = "an IP address and a port such as \"127.0.0.1:8080\" or \"[::]:8080\"";
        text.parse().map_err(|_| format!("{} is not {form}", quoted(text)))
    }

    fn write(&self, value: &SocketAddr) -> Option<String> {
        Some(quoted(&value.to_string()))
    }
}

/// An IP address, or a network of them.
pub(super) struct AddressRange;

impl Form<Network> for AddressRange {
    fn parse(&self, raw: Raw<'_>) -> Result<Network, String> {
        let text = raw.text()?;
        text.parse().map_err(|wrong| format!("{} {wrong}", quoted(text)))
    }

    fn write(&self, value: &Network) -> Option<String> {
        Some(quoted(&value.to_string()))
    }
}

/// True or false.
pub(super) struct Flag;

impl Form<bool> for Flag {
    fn parse(&self, raw: Raw<'_>) -> Result<bool, String> {
        match raw {
            Raw::Toml(toml::Value::Boolean(flag)) => Ok(*flag),
            Raw::Variable("true") => Ok(true),
            Raw::Variable("false") => Ok(false),
            Raw::Variable(text) => Err(format!("{} is neither true nor false", quoted(text))),
            Raw::Toml(other) => Err(format!("{other} is neither true nor false (without quotes)")),
        }
    }

    fn write(&self, value: &bool) -> Option<String> {
        Some(value.to_string())
    }
}

/// A whole number in a range.
pub(super) struct Number(pub(super) RangeInclusive<u32>);

impl Form<u32> for Number {
    fn parse(&self, raw: Raw<'_>) -> Result<u32, String> {
        let (given, number) = match raw {
            Raw::Toml(toml::Value::Integer(number)) => (number.to_string(), u32::try_from(*number).ok()),
            Raw::Variable(text) => (quoted(text), text.parse().ok()),
            Raw::Toml(other) => (other.to_string(), None),
        };
        let fits = number.filter(|number| self.0.contains(number));
        fits.ok_or_else(|| format!("{given} is not a whole number from {} to {}", self.0.start(), self.0.end()))
    }

    fn write(&self, value: &u32) -> Option<String> {
        Some(value.to_string())
    }

    fn accepts(&self) -> String {
        format!("{} to {}", self.0.start(), self.0.end())
    }
}

/// A time span in a range.
pub(super) struct Span(pub(super) RangeInclusive<TimeSpan>);

impl Form<TimeSpan> for Span {
    fn parse(&self, raw: Raw<'_>) -> Result<TimeSpan, String> {
        let text = raw.text()?;
        let span = units::parse_span(text).ok_or_else(|| format!("{} is not {}", quoted(text), units::SPAN_FORM))?;
        if self.0.contains(&span) { Ok(span) } else { Err(format!("{} is not {}", quoted(text), self.accepts())) }
    }

    fn write(&self, value: &TimeSpan) -> Option<String> {
        Some(quoted(&units::write_span(*value)))
    }

    fn accepts(&self) -> String {
        units::write_spans(&self.0)
    }
}

/// A size in a range.
pub(super) struct Size(pub(super) RangeInclusive<ByteCount>);

impl Form<ByteCount> for Size {
    fn parse(&self, raw: Raw<'_>) -> Result<ByteCount, String> {
        let text = raw.text()?;
        let size = units::parse_size(text).ok_or_else(|| format!("{} is not {}", quoted(text), units::SIZE_FORM))?;
        if self.0.contains(&size) { Ok(size) } else { Err(format!("{} is not {}", quoted(text), self.accepts())) }
    }

    fn write(&self, value: &ByteCount) -> Option<String> {
        Some(quoted(&units::write_size(*value)))
    }

    fn accepts(&self) -> String {
        units::write_sizes(&self.0)
    }
}

/// One of a few words.
pub(super) struct Choice<T: 'static>(pub(super) &'static [(&'static str, T)]);

impl<T: Copy + PartialEq> Form<T> for Choice<T> {
    fn parse(&self, raw: Raw<'_>) -> Result<T, String> {
        let text = raw.text()?;
        let found = self.0.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| format!("{} is not one of {}", quoted(text), self.accepts()))
    }

    fn write(&self, value: &T) -> Option<String> {
        self.0.iter().find(|(_, candidate)| candidate == value).map(|(word, _)| quoted(word))
    }

    fn accepts(&self) -> String {
        self.0.iter().map(|(word, _)| quoted(word)).collect::<Vec<_>>().join(", ")
    }
}

/// A list: a TOML array, or a variable with commas.
pub(super) struct ListOf<F>(pub(super) F);

impl<T, F: Form<T>> Form<Vec<T>> for ListOf<F> {
    fn parse(&self, raw: Raw<'_>) -> Result<Vec<T>, String> {
        match raw {
            Raw::Toml(toml::Value::Array(values)) => values.iter().map(|v| self.0.parse(Raw::Toml(v))).collect(),
            Raw::Toml(other) => Err(format!("{other} must be a list, in [ ]")),
            Raw::Variable(text) => {
                let members = text.split(',').map(str::trim).filter(|member| !member.is_empty());
                members.map(|member| self.0.parse(Raw::Variable(member))).collect()
            }
        }
    }

    fn write(&self, values: &Vec<T>) -> Option<String> {
        let members: Option<Vec<_>> = values.iter().map(|value| self.0.write(value)).collect();
        Some(format!("[{}]", members?.join(", ")))
    }

    fn accepts(&self) -> String {
        self.0.accepts()
    }
}

/// A media type that can be stored.
pub(super) struct Media;

impl Form<MediaType> for Media {
    fn parse(&self, raw: Raw<'_>) -> Result<MediaType, String> {
        let text = raw.text()?;
        text.parse().map_err(|unknown| format!("{} {unknown}", quoted(text)))
    }

    fn write(&self, value: &MediaType) -> Option<String> {
        Some(quoted(value.name()))
    }
}

/// A value that may be left out, and what it could look like.
pub(super) struct Maybe<F>(pub(super) F, pub(super) &'static str);

impl<T, F: Form<T>> Form<Option<T>> for Maybe<F> {
    fn parse(&self, raw: Raw<'_>) -> Result<Option<T>, String> {
        self.0.parse(raw).map(Some)
    }

    fn write(&self, value: &Option<T>) -> Option<String> {
        value.as_ref().and_then(|value| self.0.write(value))
    }

    fn accepts(&self) -> String {
        self.0.accepts()
    }

    fn example(&self) -> String {
        self.1.to_owned()
    }
}

/// A secret: read, never written.
pub(super) struct Hidden;

impl Form<Option<Secret>> for Hidden {
    fn parse(&self, raw: Raw<'_>) -> Result<Option<Secret>, String> {
        let text = raw.text().map_err(|_| "a secret must be written as text, in quotes".to_owned())?;
        not_empty(text)?;
        Ok(Some(Secret::new(text)))
    }

    fn write(&self, _value: &Option<Secret>) -> Option<String> {
        None
    }

    fn example(&self) -> String {
        "\"...\" # never shown".to_owned()
    }
}
