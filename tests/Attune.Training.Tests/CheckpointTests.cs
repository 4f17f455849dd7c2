using System.Collections.Immutable;
using System.Diagnostics;
using Attune.Core;
using Attune.Core.Runs;
using Attune.Models.Weights;
using Attune.Testing;
using Attune.Testing.Training;
using Attune.Training.Checkpoints;
using Attune.Training.Optimisation;
using TorchSharp;

namespace Attune.Training.Tests;

public sealed class CheckpointTests
{
    private static readonly ImmutableArray<DataHash> Data = [new("pairs.jsonl", "ab12")];
    private static readonly Dictionary<string, double> State = new()
    {
        ["kl_coef"] = 0.1 + 0.2,
        ["guard/best_gold"] = double.NegativeInfinity,
        ["guard/first_spread"] = double.NaN,
    };

    [Fact]
    public void What_was_saved_comes_back_bit_for_bit()
    {
        using var folder = new TemporaryFolder();
        using var learner = new Learner(seed: 1);
        learner.Step(3);
        Checkpoints(folder).Save(learner.Adam.Parts, At(3), State, lastSequence: 17);
        using var other = new Learner(seed: 2);
        var manifest = Checkpoints(folder).RestoreLatest(other.Adam.Parts)!;
        Assert.Equal(learner.Numbers(), other.Numbers());
        Assert.Equal((99ul, 1L, 3L, 24L, 17L), (manifest.Seed, manifest.Round, manifest.Updates, manifest.Items, manifest.LastSequence));
        Assert.Equal(State, manifest.State);
    }

    [Fact]
    public void Nothing_to_resume_is_no_error()
    {
        using var folder = new TemporaryFolder();
        using var learner = new Learner(seed: 1);
        Assert.Null(Checkpoints(folder).RestoreLatest(learner.Adam.Parts));
        Assert.Null(new DirectoryCheckpoints(folder.File("absent"), Data).RestoreLatest(learner.Adam.Parts));
    }

    [Fact]
    public void The_newest_two_are_kept_and_10_is_newer_than_9()
    {
        using var folder = new TemporaryFolder();
        using var learner = new Learner(seed: 1);
        foreach (var updates in new[] { 8, 9, 10 })
        {
            learner.Step(updates);
            Checkpoints(folder).Save(learner.Adam.Parts, At(updates), State, 0);
        }

        Assert.Equal(
            ["checkpoint-10", "checkpoint-9"],
            Directory.GetFileSystemEntries(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal)
        );
        using var other = new Learner(seed: 2);
        Assert.Equal(10, Checkpoints(folder).RestoreLatest(other.Adam.Parts)!.Updates);
    }

    [Fact]
    public void A_folder_that_a_kill_left_unfinished_is_ignored()
    {
        using var folder = new TemporaryFolder();
        using var learner = new Learner(seed: 1);
        Checkpoints(folder).Save(learner.Adam.Parts, At(3), State, 0);
        Directory.CreateDirectory(folder.File(".checkpoint-unfinished"));
        File.WriteAllText(folder.File(".checkpoint-unfinished/state.safetensors"), "half");
        Directory.CreateDirectory(folder.File("checkpoint-5")); // no manifest
        Assert.Equal(3, Checkpoints(folder).RestoreLatest(learner.Adam.Parts)!.Updates);
        learner.Step(5);
        Checkpoints(folder).Save(learner.Adam.Parts, At(5), State, 0);
        Assert.Equal(5, Checkpoints(folder).RestoreLatest(learner.Adam.Parts)!.Updates);
    }

    [Fact]
    public void Other_data_is_refused() =>
        Refused(folder => new DirectoryCheckpoints(folder.Path, [new("pairs.jsonl", "cd34")]), _ => { }, "other data");

    [Fact]
    public void A_flipped_bit_in_the_tensors_is_noticed() =>
        Refused(Checkpoints, path => Flip(Path.Combine(path, "state.safetensors")), "damaged");

    [Fact]
    public void Tensors_cut_short_are_noticed() => Refused(Checkpoints, path => Cut(Path.Combine(path, "state.safetensors")), "damaged");

    [Fact]
    public void Absent_tensors_are_noticed() =>
        Refused(Checkpoints, path => File.Delete(Path.Combine(path, "state.safetensors")), "state.safetensors");

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[1, 2]")]
    [InlineData("{ \"seed\": 1,")]
    [InlineData("not json")]
    [InlineData("{ \"seed\": \"x\", \"state\": {}, \"data\": [], \"state_file\": \"\" }")]
    public void A_damaged_manifest_is_noticed(string text) =>
        Refused(Checkpoints, path => File.WriteAllText(Path.Combine(path, "manifest.json"), text), "manifest.json");

    [Fact]
    public void A_checkpoint_of_another_model_is_refused_and_leaves_this_one_as_it_is()
    {
        using var folder = new TemporaryFolder();
        using var learner = new Learner(seed: 1);
        Checkpoints(folder).Save(learner.Adam.Parts, At(3), State, 0);
        // The first part fits, the second does not; then a part too few.
        using var otherSize = new Learner(seed: 2, secondWidth: 40);
        using var fewer = new Learner(seed: 2, secondWidth: 0);
        foreach (var other in new[] { otherSize, fewer })
        {
            var before = other.Numbers();
            var problem = Assert.Throws<ModelFileException>(() => Checkpoints(folder).RestoreLatest(other.Adam.Parts));
            Assert.Contains("does not fit this model", problem.Message, StringComparison.Ordinal);
            Assert.Equal(before, other.Numbers());
        }
    }

    [Fact]
    public void A_checkpoint_that_cannot_be_written_leaves_the_old_one_and_says_so()
    {
        using var folder = new TemporaryFolder();
        using var learner = new Learner(seed: 1);
        Checkpoints(folder).Save(learner.Adam.Parts, At(3), State, 0);
        var saved = learner.Numbers();
        learner.Step(4);
        File.WriteAllText(folder.File(".checkpoint-unfinished"), "a file where a folder should come");
        var problem = Assert.Throws<AttuneException>(() => Checkpoints(folder).Save(learner.Adam.Parts, At(4), State, 0));
        Assert.Contains("checkpoint-4 could not be written", problem.Message, StringComparison.Ordinal);
        File.Delete(folder.File(".checkpoint-unfinished"));
        Checkpoints(folder).RestoreLatest(learner.Adam.Parts);
        Assert.Equal(saved, learner.Numbers());
    }

    [Fact]
    public void A_full_disk_leaves_the_old_checkpoint_and_says_so()
    {
        using var folder = new TemporaryFolder();
        using var disk = SmallDisk.Mount(folder.File("disk"), kibibytes: 64);
        using var learner = new Learner(seed: 1, secondWidth: 1000); // 3 * 4 KB of numbers beside the small part's
        var checkpoints = new DirectoryCheckpoints(disk.Path, Data, keep: 100);
        AttuneException? problem = null;
        for (var updates = 1; problem is null && updates < 20; updates++)
        {
            learner.Step(updates);
            try
            {
                checkpoints.Save(learner.Adam.Parts, At(updates), State, 0);
            }
            catch (AttuneException full)
            {
                problem = full;
            }
        }

        Assert.NotNull(problem);
        Assert.Contains("The checkpoints before it are intact", problem.Message, StringComparison.Ordinal);
        var whole = Directory.GetDirectories(disk.Path).Length;
        Assert.InRange(whole, 1, 6);
        Assert.Equal(whole, checkpoints.RestoreLatest(learner.Adam.Parts)!.Updates);
        Assert.Empty(Directory.GetFiles(disk.Path, "*.tmp*", SearchOption.AllDirectories));
    }

    [Fact]
    public void Saving_and_restoring_keeps_no_tensors()
    {
        using var folder = new TemporaryFolder();
        using var learner = new Learner(seed: 1);
        var before = Tensors.Alive();
        for (var updates = 1; updates <= 5; updates++)
        {
            Checkpoints(folder).Save(learner.Adam.Parts, At(updates), State, 0);
            Checkpoints(folder).RestoreLatest(learner.Adam.Parts);
            Assert.Equal(before, torch.Tensor.TotalCount);
        }
    }

    private static DirectoryCheckpoints Checkpoints(TemporaryFolder folder) => new(folder.Path, Data);

    private static Progress At(long updates) => new(1, updates, 24, new Seed(99));

    private static void Refused(Func<TemporaryFolder, DirectoryCheckpoints> checkpoints, Action<string> damage, string because)
    {
        using var folder = new TemporaryFolder();
        using var learner = new Learner(seed: 1);
        Checkpoints(folder).Save(learner.Adam.Parts, At(3), State, 0);
        damage(folder.File("checkpoint-3"));
        learner.Step(4);
        var before = learner.Numbers();
        var problem = Assert.ThrowsAny<AttuneException>(() => checkpoints(folder).RestoreLatest(learner.Adam.Parts));
        Assert.Contains(because, problem.Message, StringComparison.Ordinal);
        Assert.Contains("checkpoint-3", problem.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Environment.NewLine, problem.Message, StringComparison.Ordinal);
        Assert.Equal(before, learner.Numbers());
    }

    private static void Flip(string path)
    {
        var bytes = File.ReadAllBytes(path);
        bytes[^5] ^= 1;
        File.WriteAllBytes(path, bytes);
    }

    private static void Cut(string path)
    {
        using var file = new FileStream(path, FileMode.Open);
        file.SetLength(file.Length - 7);
    }

    /// <summary>Two small parts with an optimiser.</summary>
    private sealed class Learner : IDisposable
    {
        private readonly FlatParameters[] _weights;

        public Learner(ulong seed, int secondWidth = 5)
        {
            var rng = new Seed(seed).Rng();
            _weights =
            [
                .. new[] { 3, secondWidth }.Where(w => w > 0).Select(width => new FlatParameters([new ParameterSlot("w", 0, [1, width])])),
            ];
            foreach (var weights in _weights)
            {
                weights.Values.narrow(0, 0, 3).fill_((float)rng.NextNormal());
            }

            Adam = new AdamW(_weights, new OptimiserOptions());
        }

        public AdamW Adam { get; }

        public void Step(long step)
        {
            foreach (var weights in _weights)
            {
                weights["w"].grad!.fill_(0.1f * step);
            }

            Adam.Step(step, 0.01);
        }

        public float[] Numbers() =>
            [.. Adam.Parts.SelectMany(p => new[] { p.Values, p.FirstMoment, p.SecondMoment }).SelectMany(TinyModels.Values)];

        public void Dispose()
        {
            Adam.Dispose();
            foreach (var weights in _weights)
            {
                weights.Dispose();
            }
        }
    }

    /// <summary>A file system in memory of a given size; skips the running test where one may not be mounted.</summary>
    private sealed class SmallDisk : IDisposable
    {
        private SmallDisk(string path) => Path = path;

        public string Path { get; }

        public static SmallDisk Mount(string path, int kibibytes)
        {
            Directory.CreateDirectory(path);
            Assert.SkipUnless(
                OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", $"size={kibibytes}k", "tmpfs", path),
                "needs the right to mount a tmpfs"
            );
            return new SmallDisk(path);
        }

        public void Dispose() => Run("umount", Path);

        private static bool Run(string program, params string[] arguments)
        {
            try
            {
                using var process = Process.Start(
                    new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true }
                )!;
                process.WaitForExit();
                return process.ExitCode == 0;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }
    }
}
