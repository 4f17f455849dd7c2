using System.Globalization;
using System.Text.Json;
using Attune.Core.Files;

namespace Attune.Core.Runs;

/// <summary>The names of a run folder's files, and how they are read.</summary>
public sealed record RunFolder(string Path)
{
    /// <summary>The recipe with every default filled in.</summary>
    public string RecipeFile => File("recipe.yaml");

    /// <summary>One <see cref="RunEvent"/> a line, written by <see cref="EventLog"/>.</summary>
    public string EventsFile => File("events.jsonl");

    /// <summary>One <see cref="SampleEvent"/> a line, written by <see cref="EventLog"/>.</summary>
    public string SamplesFile => File("samples.jsonl");

    /// <summary>A <see cref="RunResult"/>; there once the run is finished.</summary>
    public string ResultFile => File("result.json");

    /// <summary>Whether a run was begun there.</summary>
    public bool IsOne => System.IO.File.Exists(RecipeFile) || System.IO.File.Exists(EventsFile) || System.IO.File.Exists(ResultFile);

    public string ReportFile => File("report.html");

    /// <summary>The trained model in Hugging Face layout.</summary>
    public string FinalFolder => File("final");

    public string CheckpointFolder(long number) => File("checkpoint-" + number.ToString(CultureInfo.InvariantCulture));

    /// <summary>The numbers N of all <c>checkpoint-N</c> folders, ascending.</summary>
    public IReadOnlyList<long> Checkpoints() =>
        !Directory.Exists(Path)
            ? []
            :
            [
                .. Directory
                    .EnumerateDirectories(Path, "checkpoint-*")
                    .Select(folder => System.IO.Path.GetFileName(folder)["checkpoint-".Length..])
                    .Where(text => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _))
                    .Select(text => long.Parse(text, CultureInfo.InvariantCulture))
                    .Order(),
            ];

    /// <summary>All events, checked to be numbered 1, 2, 3, ...; empty where nothing was logged yet.</summary>
    /// <exception cref="DataException">A line other than an unfinished last one is damaged.</exception>
    public RunLog<RunEvent> ReadEvents()
    {
        var log = RunLog.Read(EventsFile, RunJson.Lines.RunEvent);
        for (var i = 0; i < log.Entries.Length; i++)
        {
            var entry = log.Entries[i];
            if (entry.Stage is null || entry.Kind is null || entry.Metrics is null)
            {
                throw new DataException(
                    $"{EventsFile}, line {i + 1}: stage, kind or metrics is missing. Restore the file from a copy, or start the run again."
                );
            }

            if (entry.Sequence != i + 1)
            {
                throw new DataException(
                    $"{EventsFile}, line {i + 1}: sequence is {entry.Sequence}; expected {i + 1}, as events are numbered "
                        + "without gaps. Lines were lost or two runs wrote here; start again in an empty folder."
                );
            }
        }

        return log;
    }

    /// <summary>All samples in the order they were drawn; empty where there are none.</summary>
    /// <exception cref="DataException">A line other than an unfinished last one is damaged.</exception>
    public RunLog<SampleEvent> ReadSamples()
    {
        var log = RunLog.Read(SamplesFile, RunJson.Lines.SampleEvent);
        for (var i = 0; i < log.Entries.Length; i++)
        {
            if (log.Entries[i] is { Stage: null } or { Prompt: null } or { Answer: null })
            {
                throw new DataException(
                    $"{SamplesFile}, line {i + 1}: stage, prompt or answer is missing. Restore the file from a copy, or start "
                        + "the run again."
                );
            }
        }

        return log;
    }

    /// <summary>The run's figures, or null while it is not finished.</summary>
    /// <exception cref="DataException">The file is there but is not a result.</exception>
    public RunResult? ReadResult()
    {
        if (!System.IO.File.Exists(ResultFile))
        {
            return null;
        }

        RunResult? result;
        try
        {
            result = JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(ResultFile), RunJson.Indented.RunResult);
        }
        catch (JsonException problem)
        {
            throw new DataException(
                $"{ResultFile}, line {problem.LineNumber + 1}: not a run's result ({problem.Message.TrimEnd('.')}). Finish the "
                    + "run again with --resume to write it again."
            );
        }

        if (result is not { Name: not null, Version: not null, Summary: not null })
        {
            throw new DataException(
                $"{ResultFile}: name, version or summary is missing. Finish the run again with --resume to write it again."
            );
        }

        // A list that the file leaves out is empty, not uninitialised.
        return result with
        {
            Stages = result.Stages.IsDefault ? [] : [.. result.Stages.Select(WithLists)],
        };
    }

    /// <summary>Writes <c>result.json</c>, whole or not at all.</summary>
    public void WriteResult(RunResult result) =>
        AtomicFile.Write(
            ResultFile,
            stream =>
            {
                JsonSerializer.Serialize(stream, result, RunJson.Indented.RunResult);
                stream.WriteByte((byte)'\n');
            }
        );

    private static StageResult WithLists(StageResult stage) =>
        stage with
        {
            Metrics = stage.Metrics ?? new Dictionary<string, double>(),
            Notes = stage.Notes.IsDefault ? [] : stage.Notes,
        };

    private string File(string name) => System.IO.Path.Combine(Path, name);
}
