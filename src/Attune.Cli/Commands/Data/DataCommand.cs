using System.CommandLine;

namespace Attune.Cli.Commands.Data;

/// <summary><c>attune data</c></summary>
internal static class DataCommand
{
    public static Command Create() =>
        new("data", "Inspect, convert and sample data.") { InspectCommand.Create(), ConvertCommand.Create(), SampleCommand.Create() };
}
