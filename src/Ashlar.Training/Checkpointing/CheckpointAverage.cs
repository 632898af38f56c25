using System.Globalization;
using Ashlar.Checkpoints;
using Ashlar.Checkpoints.Safetensors;
using Ashlar.Training.Models;
using static TorchSharp.torch;

namespace Ashlar.Training.Checkpointing;

/// <summary>
/// The weights of the last validations and their mean (Vaswani et al. 2017, section 6.1, who average the last 5 or 20 checkpoints).
/// They lie in files of the run folder, so that a run that resumes still has them.
/// </summary>
internal sealed class CheckpointAverage(string runFolder, int count, IReadOnlyList<NamedParameter> parameters)
{
    private readonly string _folder = Path.Combine(runFolder, "averaged");

    /// <summary>Number of kept weights.</summary>
    public int Kept => Files().Length;

    /// <summary>Keeps the weights as they are, and the newest ones only.</summary>
    public void Keep(int step)
    {
        Directory.CreateDirectory(_folder);
        SafetensorsWriter.Write(
            Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"step-{step:D8}.safetensors")),
            [.. parameters.Select(parameter => new SafetensorsEntry(
                new TensorInfo(parameter.Name, TensorType.Float32, parameter.Value.shape),
                stream =>
                {
                    using Tensor detached = parameter.Value.detach();
                    using Tensor here = detached.cpu();
                    stream.Write(here.bytes);
                }))]);
        foreach (string old in Files().SkipLast(count))
            File.Delete(old);
    }

    /// <summary>Forgets weights of later steps, which a run that resumes from an earlier one makes again.</summary>
    public void ForgetAfter(int step)
    {
        foreach (string file in Files())
        {
            if (int.Parse(Path.GetFileNameWithoutExtension(file).AsSpan("step-".Length), CultureInfo.InvariantCulture) > step)
                File.Delete(file);
        }
    }

    /// <summary>Sets the parameters to the mean of the kept weights, summed in double.</summary>
    public void Apply()
    {
        SafetensorsFile[] files = [.. Files().Select(SafetensorsFile.Open)];
        try
        {
            using IDisposable detached = no_grad();
            foreach (NamedParameter parameter in parameters)
            {
                float[] values = new float[parameter.Value.numel()];
                double[] sums = new double[values.Length];
                foreach (SafetensorsFile file in files)
                {
                    file.ReadFloat32(parameter.Name, values);
                    for (int i = 0; i < values.Length; i++)
                        sums[i] += values[i];
                }

                for (int i = 0; i < values.Length; i++)
                    values[i] = (float)(sums[i] / files.Length);
                using Tensor mean = tensor(values, parameter.Value.shape);
                parameter.Value.copy_(mean);
            }
        }
        finally
        {
            foreach (SafetensorsFile file in files)
                file.Dispose();
        }
    }

    private string[] Files()
    {
        if (!Directory.Exists(_folder))
            return [];
        string[] files = Directory.GetFiles(_folder, "step-*.safetensors");
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }
}
