//! Values of a configuration file as text.

use serde_json::Value as Json;
use toml::de::DeValue;

use super::setting::Kind;

/// A TOML value as JSON; dates and times become text.
fn as_json(value: &DeValue<'_>) -> Result<Json, String> {
    Ok(match value {
        DeValue::String(text) => Json::from(text.as_ref()),
        DeValue::Integer(number) => {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            Json::from(parsed.map_err(|error| format!("has a number that is too large: {error}"))?)
        }
        DeValue::Float(number) => {
            let parsed = number.as_str().parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            Json::from(parsed.ok_or_else(|| format!("has {number}, which is no number of JSON"))?)
        }
        DeValue::Boolean(switch) => Json::from(*switch),
        DeValue::Datetime(time) => Json::from(time.to_string()),
        DeValue::Array(items) => {
            Json::Array(items.iter().map(|item| as_json(item.get_ref())).collect::<Result<_, _>>()?)
        }
        DeValue::Table(entries) => {
            let mut object = serde_json::Map::new();
            for (name, value) in entries {
                object.insert(name.get_ref().to_string(), as_json(value.get_ref())?);
            }
            Json::Object(object)
        }
    })
}

/// Converts a TOML value to the text form of the other layers.
pub(super) fn as_text(value: &DeValue<'_>, kind: Kind) -> Result<String, String> {
    if let (Kind::Tables, DeValue::Table(_)) | (Kind::TableList, DeValue::Array(_)) = (kind, value) {
        return as_json(value).map(|json| json.to_string());
    }
    if let Kind::TableList = kind
        && !matches!(value, DeValue::String(_))
    {
        return Err(
            "must be a list of tables, each with its key in double brackets: [[table.name]]".to_owned()
        );
    }
    let list = matches!(kind, Kind::List | Kind::SecretList);
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) => Ok(number.to_string()),
        DeValue::Float(number) => Ok(number.to_string()),
        DeValue::Boolean(switch) => Ok(switch.to_string()),
        DeValue::Array(items) if list => {
            let texts: Option<Vec<String>> = items
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::String(text) if !text.contains(',') => Some(text.to_string()),
                    _ => None,
                })
                .collect();
            texts
                .map(|texts| texts.join(","))
                .ok_or_else(|| "must be a list of texts without commas".to_owned())
        }
        _ => Err("has a value of the wrong type".to_owned()),
    }
}
