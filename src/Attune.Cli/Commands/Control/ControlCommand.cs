using System.CommandLine;

namespace Attune.Cli.Commands.Control;

/// <summary><c>attune control</c></summary>
internal static class ControlCommand
{
    public static Command Create() =>
        new("control", "Teach agents that act: by reward, by praise, or by comparing clips of what they do.")
        {
            PpoCommand.Create(),
            PreferencesCommand.Create(),
            TamerCommand.Create(),
            WatchCommand.Create(),
        };
}
