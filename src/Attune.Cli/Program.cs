using Attune.Cli;
using Attune.Cli.Native;

NativeSetup.Apply();
return await CommandLine.RunAsync(args);
