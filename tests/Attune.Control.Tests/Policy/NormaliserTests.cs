using Attune.Control.Policy;

namespace Attune.Control.Tests.Policy;

public sealed class NormaliserTests
{
    [Fact]
    public void Observations_and_rewards_are_normalised_as_in_stable_baselines3()
    {
        foreach (var golden in Parts.Of("vec_normalize"))
        {
            var observations = golden.GetProperty("raw_obs").EnumerateArray().Select(Parts.Rows).ToArray();
            var rewards = Parts.Rows(golden.GetProperty("raw_rewards"));
            var dones = Parts.Rows(golden.GetProperty("dones"));
            var normaliser = new Normaliser(observations[0][0].Length, observations[0].Length, golden.GetProperty("gamma").GetDouble())
            {
                MostObservation = golden.GetProperty("clip_obs").GetDouble(),
                MostReward = golden.GetProperty("clip_reward").GetDouble(),
            };
            var step = -1; // the reset comes first
            foreach (var after in golden.GetProperty("after_reset_and_steps").EnumerateArray())
            {
                float[][] seen = Array.ConvertAll(observations[step + 1], o => Array.ConvertAll(o, x => (float)x));
                normaliser.Learn(seen);
                Parts.AssertClose(
                    Parts.Rows(after.GetProperty("obs")).SelectMany(r => r),
                    seen.SelectMany(o => normaliser.Normalise(o)).Select(x => (double)x)
                );
                if (step >= 0)
                {
                    var paid = normaliser.Normalise(rewards[step], Array.ConvertAll(dones[step], d => d == 1));
                    Parts.AssertClose(Parts.Numbers(after.GetProperty("rewards")), paid);
                }

                Parts.AssertClose(Parts.Numbers(after.GetProperty("obs_mean")), normaliser.Observed.Mean);
                Parts.AssertClose(Parts.Numbers(after.GetProperty("obs_var")), normaliser.Observed.Variance);
                Parts.AssertClose([after.GetProperty("ret_var").GetDouble()], normaliser.Returned.Variance);
                step++;
            }

            Assert.Equal(rewards.Length, step);
        }
    }

    [Fact]
    public void Running_moments_from_a_count_of_0_are_imitations()
    {
        foreach (var golden in Parts.Of("normaliser").Where(g => g.GetProperty("kind").GetString() == "RunningNorm"))
        {
            var steps = golden.GetProperty("steps").EnumerateArray().ToArray();
            var moments = new ColumnMoments(Parts.Numbers(steps[0].GetProperty("mean")).Length, count: 0);
            foreach (var step in steps)
            {
                moments.Update(Parts.Rows(step.GetProperty("batch")));
                Parts.AssertClose(Parts.Numbers(step.GetProperty("mean")), moments.Mean);
                Parts.AssertClose(Parts.Numbers(step.GetProperty("var")), moments.Variance);
                Assert.Equal(step.GetProperty("count").GetDouble(), moments.Count);
            }
        }
    }

    [Fact]
    public void Moments_do_not_depend_on_how_rows_are_parted()
    {
        double[][] rows =
        [
            [1, 2],
            [4, -3],
            [0.5, 7],
            [-2, 2],
            [3, 3],
        ];
        var (whole, parted) = (new ColumnMoments(2, 0), new ColumnMoments(2, 0));
        whole.Update(rows);
        parted.Update(rows[..2]);
        parted.Update(rows[2..]);
        Assert.All(whole.Mean.Zip(parted.Mean), p => Assert.Equal(p.First, p.Second, 1e-12));
        Assert.All(whole.Variance.Zip(parted.Variance), p => Assert.Equal(p.First, p.Second, 1e-12));
        Assert.Equal(1.3, whole.Mean[0], 1e-12);
    }
}
