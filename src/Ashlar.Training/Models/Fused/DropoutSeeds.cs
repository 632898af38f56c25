using static TorchSharp.torch;

namespace Ashlar.Training.Models.Fused;

/// <summary>Seeds of dropout: one is drawn for each pass, and each use in it has its own.</summary>
internal static class DropoutSeeds
{
    /// <summary>A seed for a pass, from torch's generator, so that saving that generator's state makes dropout resume exactly.</summary>
    public static uint Draw()
    {
        using Tensor drawn = randint(int.MaxValue, [1]);
        return (uint)drawn.item<long>();
    }

    /// <summary>The seed of one use in a pass.</summary>
    public static uint Of(uint pass, int layer, int use, int head = 0)
    {
        uint mixed = (pass ^ ((uint)layer * 0x9E3779B9)) * 0x85EBCA6B;
        mixed = (mixed ^ (mixed >> 15) ^ ((uint)use * 0x7FEB352D)) * 0xC2B2AE35;
        return (mixed ^ (mixed >> 13) ^ (uint)head) * 0x846CA68B;
    }
}
