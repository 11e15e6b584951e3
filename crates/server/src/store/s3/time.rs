//! What time the store says it is: the `Date` of an answer, which the SDK keeps to itself.

use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::interceptors::BeforeDeserializationInterceptorContextRef;
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;
use aws_sdk_s3::primitives::{DateTime, DateTimeFormat};
use domain::Timestamp;

use super::super::StoreError;
use super::super::operation::Operation;
use super::classify::Fault;

/// Remembers the `Date` of the answer that passes by.
#[derive(Debug, Clone, Default)]
struct DateHeader(Arc<Mutex<Option<Timestamp>>>);

impl Intercept for DateHeader {
    fn name(&self) -> &'static str {
        "DateHeader"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let found = context.response().headers().get("date").and_then(parse);
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = found;
        Ok(())
    }
}

/// An HTTP date, such as `Sun, 06 Nov 1994 08:49:37 GMT`.
fn parse(text: &str) -> Option<Timestamp> {
    let date = DateTime::from_str(text, DateTimeFormat::HttpDate).ok()?;
    Timestamp::from_second(date.secs()).ok()
}

pub(super) async fn tell(client: &Client, bucket: &str) -> Result<Option<Timestamp>, StoreError> {
    let date = DateHeader::default();
    let request = client.head_bucket().bucket(bucket).customize().interceptor(date.clone());
    let answer = request.send().await;
    let told = *date.0.lock().unwrap_or_else(PoisonError::into_inner);
    match answer {
        Ok(_) => Ok(told),
        // Whoever refuses because the clocks differ says by how much.
        Err(error)
            if told.is_some() && error.raw_response().is_some_and(|answer| answer.status().is_client_error()) =>
        {
            Ok(told)
        }
        Err(error) => Err(Fault::new(Operation::StoreTime, error).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates_are_read_and_others_are_none() {
        let expected = Timestamp::from_second(784_111_777).unwrap();
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:37 GMT"), Some(expected));
        for odd in ["", "yesterday", "1994-11-06T08:49:37Z"] {
            assert_eq!(parse(odd), None, "{odd}");
        }
    }
}
