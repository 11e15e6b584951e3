//! Requests are JSON objects, and nothing else.
//!
//! Serde's derived code also takes a list of the fields' values in their order, so that `[]` would be a request in which
//! everything is left out. A client that sends that means something else.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserializer;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};

/// Reads an object by a type's own derived code.
pub(crate) fn read<'de, T, D: Deserializer<'de>>(deserializer: D, read: impl ReadMap<'de, T>) -> Result<T, D::Error> {
    deserializer.deserialize_map(Object(read, PhantomData))
}

/// A type's derived code, over the members of an object.
pub(crate) trait ReadMap<'de, T> {
    /// Reads them.
    fn read<A: MapAccess<'de>>(self, members: MapAccessDeserializer<A>) -> Result<T, A::Error>;
}

struct Object<T, R>(R, PhantomData<T>);

impl<'de, T, R: ReadMap<'de, T>> Visitor<'de> for Object<T, R> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<T, A::Error> {
        self.0.read(MapAccessDeserializer::new(map))
    }
}

/// For types with `#[serde(remote = "Self")]`, whose derived code is inherent: makes objects of them, both ways.
macro_rules! objects {
    ($($name:ident),+ $(,)?) => {
        $(
            impl<'de> serde::Deserialize<'de> for $name {
                fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    struct Derived;
                    impl<'de> $crate::object::ReadMap<'de, $name> for Derived {
                        fn read<A: serde::de::MapAccess<'de>>(
                            self,
                            members: serde::de::value::MapAccessDeserializer<A>,
                        ) -> Result<$name, A::Error> {
                            $name::deserialize(members)
                        }
                    }
                    $crate::object::read(deserializer, Derived)
                }
            }

            impl serde::Serialize for $name {
                fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    $name::serialize(self, serializer)
                }
            }
        )+
    };
}
pub(crate) use objects;
