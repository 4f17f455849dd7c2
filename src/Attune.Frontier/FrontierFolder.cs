using System.Globalization;
using System.Text.Json;
using Attune.Core;
using Attune.Core.Files;
using Attune.Core.Runs;
using Attune.Recipes;
using Attune.Recipes.Binding;
using Attune.Reports.Frontier;

namespace Attune.Frontier;

/// <summary>
/// Where a frontier keeps what: <c>seed-N/base</c>, <c>seed-N/curves.json</c>, and for each cell a run folder with <c>cell.json</c> once it
/// is measured, or <c>failed.txt</c>.
/// </summary>
internal sealed class FrontierFolder(string root)
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowNamedFloatingPointLiterals,
        WriteIndented = true,
    };

    public string Root => root;

    public string RecipeFile => Path.Combine(root, "frontier.yaml");

    public string Base(ulong seed) => Path.Combine(Seed(seed), "base");

    public string Cell(PlannedCell cell, ulong seed) => Path.Combine(Seed(seed), cell.Folder);

    public string CurvesFile(ulong seed) => Path.Combine(Seed(seed), "curves.json");

    public SeedCurves? Curves(ulong seed) => SeedCurves.Read(CurvesFile(seed));

    /// <summary>The measured cell; null while it is not finished.</summary>
    /// <exception cref="DataException">Its file is damaged.</exception>
    public FrontierCell? Finished(PlannedCell cell, ulong seed)
    {
        var path = Path.Combine(Cell(cell, seed), "cell.json");
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<FrontierCell>(File.ReadAllText(path), Json) : null;
        }
        catch (JsonException problem)
        {
            throw new DataException($"{path} is damaged: {problem.Message.TrimEnd('.')}. Delete the folder to run that cell again.");
        }
    }

    /// <summary>The marker of a finished cell, written last.</summary>
    public void Finish(PlannedCell cell, FrontierCell measured)
    {
        var folder = Cell(cell, measured.Seed);
        AtomicFile.WriteText(
            Path.Combine(folder, "cell.json"),
            JsonSerializer.Serialize(measured with { Folder = Path.GetRelativePath(root, folder) }, Json)
        );
        File.Delete(FailureFile(cell, measured.Seed));
    }

    public string? Failure(PlannedCell cell, ulong seed) =>
        File.Exists(FailureFile(cell, seed)) ? File.ReadAllText(FailureFile(cell, seed)).TrimEnd() : null;

    public void Fail(PlannedCell cell, ulong seed, string message) => AtomicFile.WriteText(FailureFile(cell, seed), message + "\n");

    /// <summary>Puts a run's recipe in its folder, or checks that it is the one that is there.</summary>
    /// <exception cref="AttuneException">The folder holds a run of another recipe.</exception>
    public void Begin(string folder, Recipe recipe)
    {
        var path = new RunFolder(folder).RecipeFile;
        var resolved = RecipeWriter.Write(recipe);
        if (!File.Exists(path))
        {
            AtomicFile.WriteText(path, resolved);
        }
        else if (File.ReadAllText(path) != resolved)
        {
            throw new AttuneException(
                $"{path} is not what the frontier's recipe asks for now. Settings, methods and seeds may be added to a "
                    + $"frontier, but not changed: delete {folder} to run it again, or choose another --out."
            );
        }
    }

    /// <summary>Takes away what only a resumed run would need, and the models.</summary>
    public static void DeleteModels(string folder)
    {
        foreach (var place in Directory.EnumerateDirectories(folder, "*", SearchOption.AllDirectories).Where(IsModel).ToArray())
        {
            if (Directory.Exists(place))
            {
                Directory.Delete(place, recursive: true);
            }
        }
    }

    private static bool IsModel(string path) =>
        Path.GetFileName(path) is var name && (name == "final" || name.StartsWith("checkpoint-", StringComparison.Ordinal));

    private string Seed(ulong seed) => Path.Combine(root, string.Create(CultureInfo.InvariantCulture, $"seed-{seed}"));

    private string FailureFile(PlannedCell cell, ulong seed) => Path.Combine(Cell(cell, seed), "failed.txt");
}
