use super::*;

#[test]
fn markers_are_decoded() {
    let decoded = |text| {
        let (marker, properties, text) = split(text);
        (marker, properties, text.into_owned())
    };
    let (found, properties, text) =
        decoded("::error file=src/a%2Cb.py,line=3,col=7,endLine=4,title=ruff (F401)::unused%0Aimport 100%25");
    assert_eq!((found, text.as_str()), (Some(Marker::Error), "unused\nimport 100%"));
    assert_eq!(properties.get("file"), Some("src/a,b.py"));
    assert_eq!((properties.number("line"), properties.number("col")), (Some(3), Some(7)));
    assert_eq!(properties.get("title"), Some("ruff (F401)"));
    let (found, properties, text) = decoded(
        "##vso[task.logissue type=warning;sourcepath=a.cs;linenumber=2;columnnumber=5;code=CS0168;]unused",
    );
    assert_eq!((found, text.as_str()), (Some(Marker::Warning), "unused"));
    assert_eq!(
        (properties.get("file"), properties.number("line"), properties.number("col")),
        (Some("a.cs"), Some(2), Some(5))
    );
    assert_eq!(decoded("##[error]boom").0, Some(Marker::Error));
    assert_eq!(decoded("[command]/usr/bin/git version").0, Some(Marker::Command));
    assert_eq!(decoded("::std::vector<int> x").0, None);
    assert_eq!(decoded("##[unknown]x").2, "##[unknown]x");
}
