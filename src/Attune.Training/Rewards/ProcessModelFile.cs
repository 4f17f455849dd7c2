using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using Attune.Core;
using Attune.Core.Files;
using Attune.Data.Encoding;

namespace Attune.Training.Rewards;

/// <summary>What stands beside the weights of a process reward model: how it reads steps, and what its classes are.</summary>
internal sealed record ProcessModelFile
{
    private const string Name = "process_reward.json";

    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.KebabCaseLower) },
    };

    public required string StepSeparator { get; init; }
    public required bool StepsApart { get; init; }

    /// <summary>Names of the classes; the first is bad.</summary>
    public required ImmutableArray<string> Labels { get; init; }

    /// <summary>The parts that a span model judges, by name; null for steps.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SpanDensity? Density { get; init; }

    /// <summary>What a folder that TRL wrote means.</summary>
    private static ProcessModelFile Trl { get; } =
        new()
        {
            StepSeparator = "\n",
            StepsApart = true,
            Labels = ["bad", "good"],
        };

    [JsonIgnore]
    public StepEncoding Encoding => new(StepSeparator, StepsApart) { Density = Density };

    public static bool IsAt(string folder) => File.Exists(Path.Combine(folder, Name));

    public void Write(string folder) => AtomicFile.WriteText(Path.Combine(folder, Name), JsonSerializer.Serialize(this, Json));

    /// <exception cref="ModelFileException">The file is damaged.</exception>
    public static ProcessModelFile Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path))
        {
            return Trl;
        }

        try
        {
            var file = JsonSerializer.Deserialize<ProcessModelFile>(File.ReadAllText(path), Json);
            var problem =
                file is null ? "it is empty"
                : file.Labels.IsDefault || file.Labels.Length is < 2 or > 3 ? "labels are not two or three names"
                : string.IsNullOrEmpty(file.StepSeparator) ? "step_separator is empty"
                : null;
            return problem is null ? file! : throw new JsonException(problem);
        }
        catch (JsonException problem)
        {
            throw new ModelFileException(
                $"{path} cannot be read: {problem.Message.TrimEnd('.')}. It should hold step_separator, steps_apart and labels, as Attune "
                    + "writes them with a process reward model.",
                problem
            );
        }
    }
}
