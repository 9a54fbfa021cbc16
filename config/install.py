"""Make .venv and install what the desk needs into it; a second call finds its stamp and returns at once.

    python3 config/install.py [--dev]

Standard library only, in a syntax that any Python 3 can read: an old one gets a sentence, not a SyntaxError.
--dev adds the tools of the tests, a Chromium and a Chinese font.
"""

import hashlib
import os
import shutil
import subprocess
import sys

BASE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(BASE, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
NEEDED = (3, 11)
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class CannotInstall(Exception):
    """The installation cannot go on; the message names the mend."""


def check_python(version: "tuple[int, ...]") -> None:
    """Refuse a Python that is too old, and say how to choose another one."""
    if tuple(version[:2]) < NEEDED:
        raise CannotInstall(
            "安诉需要 Python 3.11 或更新版本，当前是 %d.%d；请改用：make run PYTHON=/路径/python3.11\n"
            "Amends needs Python 3.11 or later, this is %d.%d; use: make run PYTHON=/path/to/python3.11"
            % (tuple(version[:2]) * 2)
        )


def main(arguments: "list[str]") -> int:
    """Install what is missing; return the exit status."""
    dev = "--dev" in arguments
    requirements = ["requirements.txt"] + (["requirements-dev.txt"] if dev else [])
    try:
        check_python(sys.version_info[:3])
        if not is_current(requirements):
            make_venv()
            install_packages(requirements)
        if dev:
            install_system_parts()
    except CannotInstall as refusal:
        sys.stderr.write("%s\n" % refusal)
        return 1
    return 0


def stamp_path(requirements: "list[str]") -> str:
    return os.path.join(VENV, "installed-%s.sha256" % requirements[-1].replace(".txt", ""))


def fingerprint(requirements: "list[str]") -> str:
    """Return a mark that changes with the lists of packages."""
    digest = hashlib.sha256()
    for name in requirements:
        with open(os.path.join(BASE, name), "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def is_current(requirements: "list[str]") -> bool:
    try:
        with open(stamp_path(requirements)) as file:
            return os.path.exists(PYTHON) and file.read() == fingerprint(requirements)
    except OSError:
        return False


def make_venv() -> None:
    if os.path.exists(PYTHON) and run([PYTHON, "-m", "pip", "--version"]).returncode == 0:
        return
    say("正在创建 .venv / Making .venv ...")
    if run([sys.executable, "-m", "venv", "--clear", VENV]).returncode == 0:
        return
    # Debian and Ubuntu keep the venv module in a package of its own.
    package = "python%d.%d-venv" % sys.version_info[:2]
    apt_install([package], "创建 .venv 失败 / .venv could not be made")
    result = run([sys.executable, "-m", "venv", "--clear", VENV])
    if result.returncode:
        raise CannotInstall(".venv 创建失败 / .venv could not be made: %s" % last_line(result))


def install_packages(requirements: "list[str]") -> None:
    say("正在安装 %s（约一两分钟）/ Installing %s (a minute or two) ..." % (requirements[-1], requirements[-1]))
    command = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for name in requirements:
        command += ["-r", os.path.join(BASE, name)]
    result = run(command)
    if result.returncode:
        raise CannotInstall(
            "安装失败；请检查网络后重试 / The packages could not be installed; check the network and try again: %s"
            % last_line(result)
        )
    with open(stamp_path(requirements), "w") as file:
        file.write(fingerprint(requirements))


def install_system_parts() -> None:
    missing = []
    if not any(shutil.which(name) for name in BROWSERS):
        missing.append("chromium")
    if not has_chinese_font():
        missing.append("fonts-noto-cjk")
    # The catalogue test collects the strings of the code anew.
    if not shutil.which("xgettext"):
        missing.append("gettext")
    if missing:
        apt_install(missing, "测试缺少系统组件 / The tests lack a part of the system")


def has_chinese_font() -> bool:
    """A machine without fontconfig has no fonts that Chromium would find."""
    return bool(shutil.which("fc-list")) and bool(run(["fc-list", ":lang=zh"]).stdout.strip())


def apt_install(packages: "list[str]", problem: str) -> None:
    """Install system packages where we may; say in one sentence what to do where we may not."""
    names = " ".join(packages)
    rights = [] if os.geteuid() == 0 else ["sudo", "-n"]
    may = shutil.which("apt-get") and (
        not rights or (shutil.which("sudo") and run(["sudo", "-n", "true"]).returncode == 0)
    )
    mend = "请先安装 / please install: %s  (Debian, Ubuntu: sudo apt-get install %s)" % (names, names)
    if not may:
        raise CannotInstall("%s；%s" % (problem, mend))
    say("正在安装 / Installing %s ..." % names)
    apt = rights + ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    run(apt + ["update"])
    if run(apt + ["install", "--yes", "--no-install-recommends"] + packages).returncode:
        raise CannotInstall("%s；%s" % (problem, mend))


def run(command: "list[str]") -> "subprocess.CompletedProcess[str]":
    """Run a command silently; its output is in the result."""
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )


def last_line(result: "subprocess.CompletedProcess[str]") -> str:
    """Return the line that says what went wrong; pip puts it last but for its notices."""
    lines = [line.strip() for line in result.stdout.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["?"])[-1]


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
