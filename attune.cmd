@echo off
rem Runs Attune on Windows, building it first where it has not been built. See the POSIX launcher beside this file.
setlocal
set "here=%~dp0"
set "program=%here%artifacts\bin\Attune.Cli\release\Attune.Cli.exe"
where dotnet >nul 2>nul || (echo attune: the .NET 10 SDK is needed ^(https://dot.net^); 'dotnet' was not found on PATH. 1>&2 & exit /b 2)
if /i "%~1"=="test" (
    set "slow="
    if /i "%~2"=="--quick" for /f "usebackq eol=# delims=" %%c in ("%here%tests\slow.txt") do call set "slow=%%slow%% %%c"
    call :test
    exit /b
)
if not exist "%program%" (
    echo Building Attune ^(once; a minute or two^)... 1>&2
    dotnet build "%here%src\Attune.Cli" -c Release -v quiet -nologo || exit /b 1
)
"%program%" %*
exit /b %errorlevel%

:test
if defined slow set "slow=--ignore-exit-code 8 --filter-not-class%slow%"
dotnet test --solution "%here%Attune.slnx" -c Release %slow%
exit /b %errorlevel%
