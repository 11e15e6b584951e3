//! A JSON object from role to something, which refuses to name a role twice.
//!
//! Parsers disagree about repeated keys; a request that means two files for one role is an error, never "the last one".

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Role name to value, in role order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Roles<T>(pub BTreeMap<String, T>);

impl<T> Default for Roles<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Roles<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Once<T> {
            type Value = Roles<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object from role to file")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Roles<T>, A::Error> {
                let mut roles = BTreeMap::new();
                while let Some(role) = map.next_key::<String>()? {
                    if roles.contains_key(&role) {
                        map.next_value_seed(Twice)?;
                    }
                    roles.insert(role, map.next_value()?);
                }
                Ok(Roles(roles))
            }
        }

        deserializer.deserialize_map(Once(PhantomData))
    }
}

/// Refuses the value of a role that had one before: an error that is raised at the value knows its path.
struct Twice;

impl<'de> DeserializeSeed<'de> for Twice {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _value: D) -> Result<(), D::Error> {
        Err(D::Error::custom("this role is named twice"))
    }
}

#[cfg(test)]
mod tests {
    use super::Roles;

    #[test]
    fn refuses_a_role_named_twice() {
        assert!(serde_json::from_str::<Roles<u8>>(r#"{"video": 1, "thumbnail": 2}"#).is_ok());
        let error = serde_json::from_str::<Roles<u8>>(r#"{"video": 1, "video": 2}"#).unwrap_err();
        assert!(error.to_string().contains("named twice"), "{error}");
    }
}
