//! Webhook payloads sent as a form.

use bytes::Bytes;
use percent_encoding::percent_decode;

/// The bytes of the field `payload` of an `application/x-www-form-urlencoded` body, the last one if there are
/// several, as with keys in JSON. Empty if the field is missing, which is not valid JSON.
///
/// The signature covers the body as sent. Decoding parses no JSON and cannot fail, so it may precede the signature
/// check. It returns bytes, not text, so that the payload's parser finds invalid UTF-8.
pub(crate) fn payload(body: &[u8]) -> Bytes {
    body.split(|byte| *byte == b'&')
        .filter_map(|pair| {
            let equals = pair.iter().position(|byte| *byte == b'=')?;
            (decode(&pair[..equals]) == b"payload").then(|| &pair[equals + 1..])
        })
        .next_back()
        .map(|value| Bytes::from(decode(value)))
        .unwrap_or_default()
}

fn decode(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_field_is_found_among_others() {
        assert_eq!(payload(b"a=1&payload=%7B%22a%22%3A+%221%2B1%22%7D&b"), &br#"{"a": "1+1"}"#[..]);
        assert_eq!(payload(b"pay%6Coad=x"), &b"x"[..]);
        assert_eq!(payload(b"payload=1&payload=2"), &b"2"[..]);
        assert_eq!(payload(b"payload=%FF%zz%4"), &b"\xFF%zz%4"[..]);
    }

    #[test]
    fn a_form_without_the_field_is_empty() {
        for body in [&b""[..], b"&&&", b"payload", b"payload=", b"Payload=1", b"{\"payload\":1}"] {
            assert!(payload(body).is_empty(), "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn what_a_form_encoder_writes_is_read_back(text: String, before in "[a-z&=%+]{0,20}") {
            let form = form_urlencoded::Serializer::new(format!("{before}&")).append_pair("payload", &text).finish();
            prop_assert_eq!(payload(form.as_bytes()), text.into_bytes());
        }

        #[test]
        fn no_body_panics(body: Vec<u8>) {
            let _ = payload(&body);
        }
    }
}
