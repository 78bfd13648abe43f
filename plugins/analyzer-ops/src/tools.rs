//! The tools that the analyzer is for: a test requires a case of each.

#[rustfmt::skip]
pub(crate) const TOOLS: &[&str] = &[
    "alembic", "ansible", "ansible-lint", "apk", "apt", "asdf", "aws", "az", "brew", "cdk", "changesets",
    "chart-testing", "checkov", "choco", "cloudformation", "codecov", "commitlint", "conftest", "curl", "dnf",
    "docker", "docker-compose", "docker-machine", "docusaurus", "dpkg", "editorconfig-checker", "flyway", "gcloud", "gh", "git",
    "git-lfs", "gitleaks", "goreleaser", "gpg", "grype", "helm", "helm-unittest", "helmfile", "heroku",
    "htmlproofer", "hugo", "jekyll", "jq", "k3d", "kaniko", "kind", "kitchen", "kube-linter", "kubeconform", "kubectl",
    "kustomize", "lighthouse", "makepkg", "markdown-link-check", "markdownlint", "migrate", "minikube", "mkdocs",
    "molecule", "mysql", "oracle", "packer", "pacman", "podman", "powershell", "pre-commit", "prisma", "psql", "pulumi", "qemu",
    "redis", "rpm", "rpmbuild", "rsync", "salt", "scp", "selenium", "semantic-release", "semgrep", "serverless", "shellcheck",
    "snap", "snyk", "sonarqube", "spectral", "sphinx", "sqlfluff", "ssh", "terraform", "terragrunt", "tflint",
    "tfsec", "tlmgr", "trivy", "vagrant", "vale", "wget", "winget", "wrangler", "yamllint",
];
