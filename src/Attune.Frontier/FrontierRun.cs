using System.Collections.Immutable;
using System.Diagnostics;
using Attune.Core;
using Attune.Core.Feedback;
using Attune.Core.Files;
using Attune.Core.Runs;
using Attune.Recipes;
using Attune.Recipes.Binding;
using Attune.Recipes.Running;
using Attune.Reports.Frontier;

namespace Attune.Frontier;

/// <summary>
/// Runs a frontier cell by cell in a folder. What is finished is not run again, what was cut short goes on from its checkpoint, and a cell
/// that fails is noted and left behind.
/// </summary>
public sealed class FrontierRun(FrontierPlan plan, string folder, IRunScreen screen)
{
    private readonly FrontierFolder _folder = new(folder);
    private readonly CellClock _clock = new();

    /// <summary>Opens feedback stores; null where no stage reads one.</summary>
    public IFeedbackStores? Stores { get; init; }

    private FrontierRecipe Recipe => plan.Recipe;

    /// <summary>Runs what is left, and writes board, page, figures and tables, also where it is cancelled half-way.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; run again to go on.</exception>
    public async Task<FrontierBoard> RunAsync(CancellationToken cancel)
    {
        using var guard = RunLock.Take(folder);
        RequireSameEvaluation();
        foreach (var done in Recipe.Seeds.SelectMany(seed => plan.Cells.Select(c => _folder.Finished(c, seed))).OfType<FrontierCell>())
        {
            _clock.Add(done);
        }

        try
        {
            for (var i = 0; i < Recipe.Seeds.Length; i++)
            {
                await RunSeedAsync(i, cancel);
            }
        }
        finally
        {
            if (Recipe.Seeds.Any(seed => _folder.Curves(seed) is not null))
            {
                FrontierReport.Write(Board(), folder, File.ReadAllText(_folder.RecipeFile));
            }
        }

        return Board();
    }

    private async Task<Run> RunBaseAsync(ulong seed, CancellationToken cancel)
    {
        var recipe = plan.Base with { Seed = seed };
        var watching = new CellScreen(task => screen.Report($"base of seed {seed}", 0, 1, task));
        var run = new Run(recipe, _folder.Base(seed), watching, null) { Stores = Stores };
        _folder.Begin(_folder.Base(seed), recipe);
        await run.RunAsync(cancel);
        screen.Report($"base of seed {seed}", 1, 1, "");
        return run;
    }

    private async Task RunSeedAsync(int index, CancellationToken cancel)
    {
        var seed = Recipe.Seeds[index];
        var left = plan.Cells.Where(c => _folder.Finished(c, seed) is null).ToArray();
        if (left.Length == 0 && _folder.Curves(seed) is not null)
        {
            return;
        }

        screen.BeginStage(index + 1, Recipe.Seeds.Length, $"seed {seed}", $"the base, then {left.Length} of {plan.Cells.Length} cells");
        var run = await RunBaseAsync(seed, cancel);
        using var log = EventLog.Open(_folder.Base(seed));
        var context = new StageContext("exam", _folder.Base(seed), new Seed(seed).For("frontier exam"), log, screen, null, run.Product!);
        using var evaluation = await FrontierEvaluation.OpenAsync(Recipe.Evaluation, run.Product!, context, cancel);
        if (_folder.Curves(seed) is null)
        {
            var curves = await SeedCurves.MeasureAsync(
                evaluation,
                Recipe.Evaluation,
                (done, all) => screen.Report($"best-of-n of seed {seed}", done, all, "prompts"),
                cancel
            );
            curves.Save(_folder.CurvesFile(seed));
        }

        foreach (var cell in left)
        {
            cancel.ThrowIfCancellationRequested();
            await RunCellAsync(cell, seed, run.Product!, evaluation, cancel);
        }
    }

    private async Task RunCellAsync(PlannedCell cell, ulong seed, Artifacts given, FrontierEvaluation evaluation, CancellationToken cancel)
    {
        var place = _folder.Cell(cell, seed);
        var label = $"{cell.Method} {cell.Setting}".TrimEnd();
        ShowProgress($"{label}, seed {seed}");
        try
        {
            var recipe = cell.Recipe with { Seed = seed };
            _folder.Begin(place, recipe);
            var run = new Run(recipe, place, new CellScreen(task => ShowProgress($"{label}, seed {seed}: {task}")), null)
            {
                Given = given,
                Stores = Stores,
            };
            var result = await run.RunAsync(cancel);
            var watch = Stopwatch.StartNew();
            var (point, figures) = await evaluation.EvaluateAsync(run.Product!.Policy!, cancel);
            foreach (var (name, value) in result.Stages[^1].Metrics)
            {
                figures.TryAdd(name, value);
            }

            var measured = new FrontierCell(cell.Method, cell.Setting, seed, point)
            {
                Seconds = result.Stages.Sum(s => s.Seconds) + watch.Elapsed.TotalSeconds,
                Figures = figures,
            };
            _folder.Finish(cell, measured);
            _clock.Add(measured);
            if (!Recipe.KeepModels)
            {
                FrontierFolder.DeleteModels(place);
            }
        }
        catch (Exception problem) when (problem is not OperationCanceledException && !cancel.IsCancellationRequested)
        {
            // One cell's trouble is that cell's: the others are still worth having, and the board says which are missing and why.
            _folder.Fail(cell, seed, problem is AttuneException ? problem.Message : problem.ToString());
            screen.Note($"{label}, seed {seed} failed: {problem.Message.Split('\n')[0]}");
        }

        ShowProgress($"{label}, seed {seed}: done");
    }

    private void ShowProgress(string doing)
    {
        var open = Recipe
            .Seeds.SelectMany(seed => plan.Cells.Where(c => _folder.Finished(c, seed) is null && _folder.Failure(c, seed) is null))
            .ToArray();
        screen.Report("cells", plan.Expected - open.Length, plan.Expected, _clock.Left(open.Select(c => c.Method)) + doing);
    }

    /// <summary>Figures measured in different ways do not belong on one board.</summary>
    private void RequireSameEvaluation()
    {
        Directory.CreateDirectory(folder);
        var (path, asked) = (Path.Combine(folder, "evaluation.yaml"), RecipeWriter.Write(Recipe.Evaluation));
        if (File.Exists(path) && File.ReadAllText(path) != asked)
        {
            throw new AttuneException(
                $"{path} is not the evaluation that the recipe asks for now; cells measured in two ways cannot be compared. "
                    + "Choose another --out."
            );
        }

        AtomicFile.WriteText(path, asked);
        AtomicFile.WriteText(_folder.RecipeFile, RecipeWriter.Write(Recipe));
    }

    private FrontierBoard Board()
    {
        var seeds = Recipe.Seeds.Where(seed => _folder.Curves(seed) is not null).ToImmutableArray();
        var curves = seeds.Select(seed => _folder.Curves(seed)!).ToImmutableArray();
        var failures =
            from seed in seeds
            from cell in plan.Cells
            let message = _folder.Failure(cell, seed)
            where message is not null
            select new FrontierFailure(cell.Method, cell.Setting, seed, message);
        var best = Recipe.Evaluation.BestOf.IsDefault ? [] : Recipe.Evaluation.BestOf;
        IEnumerable<FrontierCell> BestOf(int i) =>
            seeds.Select(
                (seed, s) =>
                    new FrontierCell("best-of-n", $"n {best[i]}", seed, curves[s].BestOf[i]) { Seconds = curves[s].Seconds / best.Length }
            );
        var exact = curves.Any(c => c.Ceilings.ContainsKey(SeedCurves.ProxyPosterior));
        return new FrontierBoard(
            Recipe.Name,
            seeds,
            [.. curves.Select(c => c.Reference)],
            [
                .. plan.Cells.SelectMany(c => seeds.Select(seed => _folder.Finished(c, seed)).OfType<FrontierCell>()),
                .. Enumerable.Range(0, best.Length).SelectMany(BestOf),
            ],
            [.. failures],
            Ceilings(curves),
            plan.Expected,
            exact
        )
        {
            Remarks = [Remark(exact, best.Length > 0)],
        };
    }

    private string Remark(bool exact, bool best) =>
        exact
            ? $"Every figure is a sum over all answers of up to {Recipe.Evaluation.MaxNewTokens} tokens to all prompts; none is sampled."
            : $"Each policy gave {Recipe.Evaluation.Rows} held-out answers, the same prompts with the same seeds for every method; KL "
                + "is the mean of log pi - log pi0 over them."
                + (
                    best
                        ? $" Best-of-n comes from one sampling of {Recipe.Evaluation.BestOfPrompts} of the prompts, its gains over a "
                            + "single draw added to the reference's figures; its KL is ln n - (n - 1)/n, an upper bound."
                        : ""
                );

    private static ImmutableArray<FrontierCeiling> Ceilings(ImmutableArray<SeedCurves> curves) =>
        [
            .. curves
                .SelectMany(c => c.Ceilings.Keys)
                .Distinct()
                .Order(StringComparer.Ordinal)
                .Select(name => new FrontierCeiling(
                    name,
                    [
                        .. Enumerable
                            .Range(0, curves[0].Ceilings[name].Length)
                            .Select(i => Mean([.. curves.Select(c => c.Ceilings[name][i])]))
                            .Where(p => double.IsFinite(p.Kl)),
                    ],
                    CaveatOf(name)
                )),
        ];

    private static string CaveatOf(string name) =>
        name switch
        {
            SeedCurves.ProxyPosterior => "Exact: pi0 exp(proxy / beta) / Z for all beta. No policy has more proxy reward at its KL.",
            SeedCurves.GoldPosterior =>
                "Exact: pi0 exp(gold / beta) / Z for all beta. No policy has more gold at its KL, however it was trained.",
            _ => "An estimate of pi0 exp(proxy / beta) / Z from the best-of-n draws, each weighed by exp(proxy / beta); it ends "
                + "where fewer than eight draws a prompt carry the weight, and is biased low towards that end.",
        };

    private static FrontierPoint Mean(FrontierPoint[] points) =>
        new(points.Average(p => p.Kl), points.Average(p => p.Gold), points.Average(p => p.Proxy));
}
