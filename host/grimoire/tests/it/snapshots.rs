//! What people and programs read from the command line, reviewed as files.

use crate::process::Place;

const LOG: &str = "\
error[E0382]: borrow of moved value: `names`
  --> src/main.rs:12:20
   |
12 |     println!(\"{}\", names.len());
   |                    ^^^^^ value borrowed here after move

error: could not compile `app` (bin \"app\") due to 1 previous error
";

/// A book with a spell that fits, and one for the same code that does not.
const BOOK: &str = "\
version: 1
spells:
  - key: borrow-of-moved
    title: Borrow of a moved value
    description: The value was moved before it is borrowed.
    error_type: E0382
    error_pattern: 'borrow of moved value: `\\w+`'
    solution_code: |
      let copy = names.clone();
    tags: [rust]
  - key: moved-in-loop
    title: Value moved in an earlier round of a loop
    description: The value was moved in the round before.
    error_type: E0382
    error_pattern: value moved here, in previous iteration of loop
    solution_code: |
      for name in &names {}
    tags: [rust]
";

/// The output of `match` with these further arguments.
fn output(arguments: &[&str]) -> String {
    let place = Place::new();
    place.file("book.yaml", BOOK);
    let arguments = [&["match", "--spellbook", "book.yaml"], arguments].concat();
    let ended = place.run(&arguments, LOG.as_bytes());
    assert_eq!(ended.code(), 0, "{}", ended.complaint());
    ended.output()
}

#[test]
fn sarif() {
    insta::assert_snapshot!(output(&["--format", "sarif"]));
}

#[test]
fn explain() {
    insta::assert_snapshot!(output(&["--explain", "--color", "never"]));
}
