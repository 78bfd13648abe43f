//! Payloads that come as a form.

use grimoire_domain::kind::ErrorKind;
use grimoire_ports::PortError;

/// The bytes of the field `payload` of an `application/x-www-form-urlencoded` body.
///
/// The signature is over the body as it was sent: verify that, then decode. `Invalid` where the field
/// is missing. Decodes bytes, not text, so that invalid UTF-8 is found, not papered over, by the parser.
pub fn decode_form(body: &[u8]) -> Result<Vec<u8>, PortError> {
    body.split(|byte| *byte == b'&')
        .filter_map(|pair| {
            let equals = pair.iter().position(|byte| *byte == b'=')?;
            (decode(&pair[..equals]) == b"payload").then(|| &pair[equals + 1..])
        })
        // The last wins, as it does for keys within JSON.
        .next_back()
        .map(decode)
        .ok_or_else(|| PortError::new(ErrorKind::Invalid, "the form has no field named payload"))
}

fn decode(text: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    percent_encoding::percent_decode(&spaced).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_field_is_found_among_others() {
        assert_eq!(decode_form(b"a=1&payload=%7B%22a%22%3A+%221%2B1%22%7D&b").unwrap(), br#"{"a": "1+1"}"#);
        assert_eq!(decode_form(b"pay%6Coad=x").unwrap(), b"x");
        assert_eq!(decode_form(b"payload=").unwrap(), b"");
        assert_eq!(decode_form(b"payload=%FF%zz%4").unwrap(), b"\xFF%zz%4");
    }

    #[test]
    fn a_form_without_the_field_is_invalid() {
        for body in [&b""[..], b"&&&", b"payload", b"Payload=1", b"{\"payload\":1}"] {
            assert_eq!(decode_form(body).unwrap_err().kind(), ErrorKind::Invalid, "{body:?}");
        }
    }

    proptest! {
        #[test]
        fn what_a_form_encoder_writes_is_read_back(payload: String, before in "[a-z&=%+]{0,20}") {
            let encoded = form_urlencoded::Serializer::new(format!("{before}&")).append_pair("payload", &payload).finish();
            prop_assert_eq!(decode_form(encoded.as_bytes()).unwrap(), payload.into_bytes());
        }

        #[test]
        fn no_body_panics(body: Vec<u8>) {
            let _ = decode_form(&body);
        }
    }
}
