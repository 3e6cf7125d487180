@echo off
rem Run install.py, which is beside this file, with a Python 3.6 or newer of this machine.
rem
rem     install.cmd C:\lab
rem
rem `install.cmd --help` lists all options. set PYTHON=C:\Python312\python.exe chooses the Python.
setlocal
set "SCRIPT=%~dp0install.py"
if defined PYTHON (
    "%PYTHON%" "%SCRIPT%" %*
    exit /b
)
for %%P in ("py -3" "python3" "python") do (
    %%~P -c "import sys; sys.exit(sys.version_info < (3, 6))" >nul 2>nul && (
        %%~P "%SCRIPT%" %*
        exit /b
    )
)
echo install.cmd: error: there is no Python 3.6 or newer; install one, or set PYTHON to the path of one>&2
exit /b 3
