@echo off
rem ashlar VERB ...   builds Release (a no-op when nothing changed), then runs the command.
setlocal
set "root=%~dp0"
where dotnet >nul 2>nul || (echo ashlar: the .NET 10 SDK is needed and 'dotnet' is not on the PATH 1>&2 & exit /b 2)
dotnet build "%root%src\Ashlar.Cli\Ashlar.Cli.csproj" -c Release -v quiet --nologo 1>nul || (echo ashlar: the build failed 1>&2 & exit /b 1)
dotnet "%root%src\Ashlar.Cli\bin\Release\net10.0\ashlar.dll" %*
exit /b %errorlevel%
