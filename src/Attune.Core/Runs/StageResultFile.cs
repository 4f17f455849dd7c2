using System.Text.Json;
using Attune.Core.Files;

namespace Attune.Core.Runs;

/// <summary>A finished stage's own record, which lets a resumed run pass over it.</summary>
public static class StageResultFile
{
    public static StageResult Read(string path) =>
        JsonSerializer.Deserialize(File.ReadAllText(path), RunJson.Indented.StageResult)
        ?? throw new AttuneException($"{path} is empty; delete it to run that stage again.");

    public static void Write(string path, StageResult result) =>
        AtomicFile.WriteText(path, JsonSerializer.Serialize(result, RunJson.Indented.StageResult));
}
